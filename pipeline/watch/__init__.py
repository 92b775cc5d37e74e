"""Watching runs from outside, through their shared memory."""
