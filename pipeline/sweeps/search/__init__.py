"""The space of a sweep's parameter sets, and the methods that choose sets from it."""
