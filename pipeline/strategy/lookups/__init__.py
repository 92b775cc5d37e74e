"""Look-ups of symbols among texts, found in the source of hooks before anything runs."""
