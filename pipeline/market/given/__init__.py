"""Data that a caller gives to a run, as a catalog.

::

    a frame, a stream, a dict by symbol, files            the folder of a catalog
      -> identity      hash of the rows and of options        -> as it is
      -> kept          the catalog that was made of them,
                       or is made now, in the user's cache

So workers, hashes and memory are those of any other run.
"""
