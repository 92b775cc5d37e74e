"""A lane: one strategy over one slot; it knows no process and no shared memory."""
