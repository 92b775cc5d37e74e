"""Checks of a machine and of a strategy: stress."""
