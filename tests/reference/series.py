"""Series of bars that are at given times, and the extent of a run over them."""

from pathlib import Path
from typing import Any

import numpy as np

from pipeline import SessionConfig
from pipeline.codes import DAY_NS, interval_name
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.merge import Series
from pipeline.market.time.time_manager import TimeManager
from pipeline.runner.extent import Extent, find_extent
from pipeline.runner.terms import time_manager
from tests.reference.market import random_walk
from tests.reference.processes import settings_of

TRADER = {"name": "tests.reference.traders:Crosser", "parameters": {"fast": 3}}


def ns(time: str) -> int:
    return int(np.datetime64(time, "ns").astype(np.int64))


def catalog_of(folder: Path, interval: int, **symbols: Any) -> Path:
    """Write a catalog of bars at these times, ns UTC."""
    name = interval_name(interval)
    Catalog(folder).write_all(
        [
            Series(symbol, name, random_walk(np.asarray(ts, np.int64), 1).to_table(), "test")
            for symbol, ts in symbols.items()
        ]
    )
    return folder


def every(interval: int, first: str, last: str, without: str = "") -> list[int]:
    """Give the opens of bars around the clock; ``without``: digits of weekdays, Monday 0."""
    return [
        at
        for at in range(ns(first), ns(last), interval)
        if str((at // DAY_NS + 3) % 7) not in without
    ]


def extent(folder: Path, group: str, first: str, last: str, **data: Any) -> Extent:
    entries = Catalog(folder).entries()
    symbols, streams = [one.symbol for one in entries], [entries[0].interval]
    settings = settings_of(group, first, last, symbols, streams, folder)
    settings["session_data_config"] |= data
    loaded = SessionConfig.load(settings | {"strategy": TRADER})
    return find_extent(loaded, time_manager(loaded))


def sessions_of(group: str, interval: int, first: str, last: str) -> list[int]:
    """Give the opens of the bars of a calendar's sessions."""
    table = TimeManager(group).session_table(first, last)
    if interval == DAY_NS:
        return table.date_ns.tolist()
    spans = zip(table.open_ns.tolist(), table.close_ns.tolist(), strict=True)
    return [at for begin, end in spans for at in range(begin, end, interval)]
