"""How a command ends that did not do what it was told; `app` says when with which code."""

FAILED, BAD_INPUT, STOPPED, HUNG_UP, INTERRUPTED, TERMINATED = 1, 2, 3, 129, 130, 143
