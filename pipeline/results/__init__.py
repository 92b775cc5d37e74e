"""What a run leaves behind: recorded rows, digests, statistics, the run folder and its report."""
