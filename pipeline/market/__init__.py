"""What a market is: calendar and sessions, bars, indicators, quality, catalog and importers.

Nothing here knows a process or shared memory. Import what you need from the module that
defines it; this package imports nothing by itself, so that start-up stays cheap.
"""
