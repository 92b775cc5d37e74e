"""Catalogs on object stores: mirrored into the user's cache to be read, and written whole.

::

    s3://bucket/prefix/                      <cache>/remote/<hash of the address>/
        manifest.json          -- read -->       manifests/<hash>/      a snapshot: a catalog
        1m/SPY.<token>.parquet -- read -->           manifest.json      whose files are objects
        manifest.json.claim-<token>                  mirror-of          the address
                                                     origin.json        the manifest as it was read
                                                     uses/              who uses the snapshot
                                                 objects/1m/SPY.<hash>.parquet
                                                 latest.json            tag and hash of the manifest
                                                 writing/<token>/       what a write has made

A snapshot never changes, so a run that has begun with one goes on with it whatever is written. The
manifest of a snapshot names objects of the mirror by the hash of their content, so snapshots share
them. An object is downloaded when somebody needs it, and is verified before it has its name.

A write uploads objects of names that nobody has used, and then replaces the manifest in one put.
"""
