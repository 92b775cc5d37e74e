"""How long an order lasts: a value of its ``until``, or a time in ns UTC (good till then)."""

from pipeline.codes import DAY, FOK, GTC, IOC

__all__ = ["DAY", "FOK", "GTC", "IOC"]
