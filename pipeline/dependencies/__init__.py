"""Finds everything that code depends on, for compiled code, own indicators and resume keys.

It also finds all that code refers to, for those who refuse some of it (`strategy.repeatable`).

::

    code            the functions, classes and values that a function or class refers to, as a hash
    jitted          what Numba's decorators made of a function, as far as it shapes machine code
    references      the modules, members and globals that a function's code names, with the line
    reach           the functions that a function leads to, and all that they refer to
    bindings        what modules compute when they are imported, for the names that code uses
    editions        whether another process has the same modules of the user's as this one
    source_files    the files that it comes from and that these import, with libraries by version
    origin          whether a file or module is the user's, a library's or Ringtape's own

Compiled code on disk (`strategy.compiled`) and the identity of a user's own indicator
(`market.indicators`) are hashes of `code` alone, so an edit elsewhere in a file compiles nothing
anew. The resume key of a lane (`sweeps.keys`) counts whole files, too, where there are any, because
plain Python can reach everything in them.
"""
