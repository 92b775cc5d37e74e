"""The page of a stress: what was found, as one file that a browser opens without a network."""
