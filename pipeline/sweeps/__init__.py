"""Sweeps: many parameter sets over one pass of the market, their ledger and their report."""
