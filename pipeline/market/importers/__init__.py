"""Importers: they write files of many vendors into a catalog.

::

    sources            files, folders, archives
      -> readings      rows of each symbol as its layout has them, in a temporary file
      -> facts         what is taken for true of them: interval, clock, stamps
      -> bars          checked, in UTC, in order
      -> the catalog   all series in one step, or none

Everything is read and checked before the catalog is changed.
"""

from __future__ import annotations

from pipeline.market.importers.importing import ImportResult, import_bars

__all__ = ["ImportResult", "import_bars"]
