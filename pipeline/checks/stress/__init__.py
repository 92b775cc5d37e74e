"""Stress: what this machine can do, where it breaks, and which setting is best."""
