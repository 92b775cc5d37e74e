"""Draws the page of a run: one HTML file that a browser opens without a network."""
