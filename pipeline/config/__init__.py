"""A configuration as one immutable value: its sections, its checks and where it is read from."""
