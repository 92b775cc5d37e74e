"""Where the passes of a sweep run: the protocol of an executor, and the one of this machine."""
