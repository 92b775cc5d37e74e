"""Splits and cash dividends: from tables, and from LEAN's factor files, into a catalog.

::

    sources            files, folders, archives
      -> cells         of a table, as text or Parquet has them
      -> rows          of each symbol: ex-date, split, dividend; all that are bad are told at once
      -> split check   against the bars around each ex-date
      -> the catalog   all tables in one step, or none
"""

from __future__ import annotations

from pipeline.market.importers.actions.importing import ActionsResult, import_actions

__all__ = ["ActionsResult", "import_actions"]
