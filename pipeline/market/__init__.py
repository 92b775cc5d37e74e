"""Market data: calendar and sessions, bars, indicators, quality, catalog and importers.

Nothing here knows a process or shared memory. Import each name from the module that defines it.
This package imports nothing by itself, so that start-up stays cheap.
"""
