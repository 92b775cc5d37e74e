"""Sweeps: many parameter sets over one pass of the market, and what is kept of them."""
