"""Runs on given data, which take the place of a catalog and most of a configuration.

::

    data, options of an import
      -> opening      the catalog of the data, while it is in use
      -> inferring    symbols, intervals, dates, currency
         calendar     the sessions that fit the bars
         told         what an import took for true, in words
"""
