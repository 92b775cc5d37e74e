"""Draws the page of all runs in a folder: one HTML file that a browser opens without a network."""
