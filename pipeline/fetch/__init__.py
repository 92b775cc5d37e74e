"""Fetching: bars from vendors into the raw folder, and from there into a catalog.

::

    source -> courier -> raw folder -> tables -> the catalog

A source is asked through its vendor's own client; the courier below it is patient and keeps what
comes. What has come is not asked for again.
"""
