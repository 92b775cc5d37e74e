"""The tape: the content of slots, and the parts that fill them in the order of time."""
