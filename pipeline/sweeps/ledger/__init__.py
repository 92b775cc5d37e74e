"""The ledger: a store of every lane that a sweep has run, with its figures and returns."""
