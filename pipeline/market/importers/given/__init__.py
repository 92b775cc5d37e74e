"""Rows that a caller gives from Python: frames, tables and streams of any library.

::

    a frame, a table, a stream of Arrow, a dict of these by symbol
      -> tables      Arrow tables that can be read again, each with its symbol if it has one
      -> sources     what an import reads, like a file

Nothing that is given is changed. A stream that can be read only once waits in a temporary file.
"""
