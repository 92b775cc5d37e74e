"""What the result of a lane depends on, as hashes."""
