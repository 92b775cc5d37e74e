"""The registry of importers: Ringtape's own and those that other packages declare.

::

    own.py        Ringtape's own, each a thin entry over its reader
    plugins.py    those of other packages, by their metadata alone until they are needed
    choice.py     which importer reads a source: the one with the highest score
    importer.py   what an importer is: the contract of those of other packages
    batches.py    its batches, as rows like those of any file
    listing.py    the list of all of them, for people
    contract.py   tests of the contract, for the authors of importers
"""

from __future__ import annotations

from pipeline.market.importers.registry.importer import (
    BATCH_ROWS,
    CERTAIN,
    HEAD_BYTES,
    INSTANTS,
    PLAIN,
    SIGNS,
    Conventions,
    Importer,
    ReadOptions,
)

__all__ = [
    "BATCH_ROWS",
    "CERTAIN",
    "HEAD_BYTES",
    "INSTANTS",
    "PLAIN",
    "SIGNS",
    "Conventions",
    "Importer",
    "ReadOptions",
]
