"""The page of a run: the text that `ringtape run` prints when the run has ended."""
