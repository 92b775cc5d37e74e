"""The tape: what a slot holds, and what fills it in the order of time."""
