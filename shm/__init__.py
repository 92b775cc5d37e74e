"""Named shared memory, and the order in which processes may use it.

::

    names       rt-<run id>-<owner pid>-<kind>: every segment and every semaphore
      |
    segment     one block: header (magic, version, layout hash, size, ready), then a payload
      |            `- layout   named typed arrays at 64-byte aligned offsets of a payload
      |
      +-- ring     slots of one segment; stations claim, publish, take, release them
      |             `- edges, each a gate: a counting semaphore from one producer to one consumer
      +-- control  one page: state and abort (supervisor), a cell per member (that member)
      +-- stats    counters and timings, one writer per row; an unrelated process may look on

    space       how much shared memory there is       stale   removal of what dead runs left
    errors      the tree of refusals                  seqlock consistent copies for readers

Every cell of shared memory has one writer, named in the drawing at the top of its file. Plain
stores publish nothing. Order comes from the semaphores of the edges (`ring`) and, for cells that
are read without waiting, from the version beside them (`seqlock`).

Segment, Ring, ControlPage, StatsBlock and Gate are passed to children as they are, in the arguments
of a `multiprocess` Process of a "forkserver" or "spawn" context. The child then holds an opener,
which owns nothing: only the process that created an object removes its name, in ``close()`` or
`with`.
"""
