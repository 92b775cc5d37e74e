"""The results of a run: its tables, digests, statistics and folder, and the page about them."""
