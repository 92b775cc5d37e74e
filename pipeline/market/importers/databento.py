"""Databento DBN: such a file is recognised, and refused with a message that says how to convert it.

Only Databento's own compiled library reads the format, and with it one line converts a file.
"""

from __future__ import annotations

from pipeline.errors import DataError
from pipeline.market.importers.source import Source


def refuse(source: Source) -> None:
    """Raise DataError if the source is a DBN file."""
    if source.name.endswith((".dbn", ".dbn.zst")):
        raise DataError(
            f"{source.label}: Databento DBN is not read directly; convert it with the databento "
            "package (DBNStore.from_file(...).to_parquet(...)) and import that"
        )
