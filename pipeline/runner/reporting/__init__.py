"""Gathers what the page of a run shows: from its folder, its catalog and its strategy."""
