"""The sets that a sweep tries: the space they come from, and the methods that choose them."""
