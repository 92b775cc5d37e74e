"""The ledger: every lane that a sweep has run, with its figures and its returns by session."""
