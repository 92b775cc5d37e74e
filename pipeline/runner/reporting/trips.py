"""The round trips of the page, and the stops and limits of orders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.results.folder import RunFolder
from pipeline.results.report.html.content import Resting, Trips


def read_trips(folder: RunFolder, lane: int, symbols: Sequence[str]) -> Trips:
    """Return a lane's round trips by their entries. RunError if they cannot be read."""
    table = folder.table("round_trips")
    own = np.flatnonzero(table["lane"].to_numpy() == lane)
    entry = _instants(table, "entry_ts")[own]
    own = own[np.argsort(entry, kind="stable")]

    def numbers(name: str) -> npt.NDArray[np.float64]:
        return np.asarray(table[name].to_numpy().astype(np.float64)[own])

    return Trips(
        symbol=_places(table, symbols)[own],
        long=_words(table, "side", "long")[own],
        quantity=numbers("quantity"),
        entry=_instants(table, "entry_ts")[own],
        entry_price=numbers("entry_price"),
        exit=_instants(table, "exit_ts")[own],
        exit_price=numbers("exit_price"),
        profit=numbers("profit"),
        commission=numbers("commission"),
        adverse=numbers("max_adverse"),
        favourable=numbers("max_favourable"),
        bars=table["bars"].to_numpy()[own],
    )


def read_resting(folder: RunFolder, lane: int, symbols: Sequence[str], end: int) -> Resting:
    """Return the stops and limits of a lane's orders that waited; ``end``: the run's, ns UTC."""
    names = ["lane", "symbol", "ts", "done_ts", "limit", "stop"]
    table = folder.table("orders", names)
    mine = table["lane"].to_numpy() == lane
    begin, done = _instants(table, "ts"), _instants(table, "done_ts")
    done = np.where(done == 0, end, done)
    places = _places(table, symbols)
    found: list[tuple[Any, ...]] = []
    for name in ("stop", "limit"):
        price = table[name].to_numpy().astype(np.float64)
        rows = np.flatnonzero(mine & ~np.isnan(price) & (done > begin))
        is_stop = np.full(len(rows), name == "stop")
        found.append((places[rows], begin[rows], done[rows], price[rows], is_stop))
    columns = [np.concatenate(parts) for parts in zip(*found, strict=True)]
    order = np.lexsort((columns[4], columns[1]))
    return Resting(*(column[order] for column in columns))


def _instants(table: Any, name: str) -> npt.NDArray[np.int64]:
    """Return a column of times as ns UTC, 0 where there is none."""
    moments = table[name].to_numpy().astype("M8[ns]")
    return np.where(np.isnat(moments), 0, moments.view(np.int64))


def _places(table: Any, symbols: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return the place of each row's symbol among the run's."""
    import pyarrow.compute as pc

    words = table["symbol"].combine_chunks()
    words = words.dictionary_encode() if not hasattr(words, "dictionary") else words
    place = {symbol: at for at, symbol in enumerate(symbols)}
    known = np.array([place[word] for word in words.dictionary.to_pylist()] or [0], np.int64)
    return np.asarray(known[pc.fill_null(words.indices, 0).to_numpy()])


def _words(table: Any, name: str, word: str) -> npt.NDArray[np.bool_]:
    """Return which rows have a word."""
    import pyarrow.compute as pc

    return np.asarray(pc.equal(table[name].cast("string"), word).to_numpy())
