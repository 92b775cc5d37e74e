"""The data in the page: what its script draws the price chart and the table of trades from."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.codes import interval_ns
from pipeline.results.report.html.clock import Clock
from pipeline.results.report.html.content import Bars, Content, Resting, Trips
from pipeline.results.report.html.packing import Block, Packer, pack_columns

#: The most round trips of the table.
MOST_TRIPS = 50_000
#: The most stops and limits of the chart.
MOST_RESTING = 100_000
_SECOND_NS = 1_000_000_000


def blocks_of(content: Content) -> dict[str, Block]:
    """Return the blocks of numbers by the ids of their elements."""
    trips, resting, sessions = listed(content), _longest(content.resting), content.sessions
    found = {
        "trips": pack_columns(
            {
                "symbol": trips.symbol,
                "long": trips.long.astype(np.int64),
                "quantity": trips.quantity,
                "entry": trips.entry // _SECOND_NS,
                "exit": trips.exit // _SECOND_NS,
                "entry_price": trips.entry_price,
                "exit_price": np.nan_to_num(trips.exit_price),
                "profit": _exact(trips.profit),
                "commission": trips.commission,
                "adverse": trips.adverse,
                "favourable": trips.favourable,
            }
        )
    }
    if content.prices is None or sessions is None:
        return found
    found["sessions"] = pack_columns(
        {
            "date": sessions.date // _SECOND_NS,
            "open": sessions.open // _SECOND_NS,
            "close": sessions.close // _SECOND_NS,
        }
    )
    found["resting"] = pack_columns(
        {
            "symbol": resting.symbol,
            "begin": resting.begin // _SECOND_NS,
            "end": resting.end // _SECOND_NS,
            "price": resting.price,
            "stop": resting.stop.astype(np.int64),
        }
    )
    place = {symbol: at for at, symbol in enumerate(content.symbols)}
    for bars in content.prices.bars:
        found[f"bars-{place[bars.symbol]}"] = _bars(bars)
    return found


def facts_of(content: Content, clock: Clock, blocks: dict[str, Block]) -> dict[str, Any]:
    """Return what the script has to know besides the numbers, in terms of JSON."""
    prices, streams = content.prices, content.summary.get("streams") or ["1d"]
    interval = streams[0] if prices is None else prices.interval
    return {
        "symbols": list(content.symbols),
        "offsets": [[at // _SECOND_NS, ahead // _SECOND_NS] for at, ahead in clock.offsets],
        "base": interval_ns(streams[0]) // _SECOND_NS,
        "interval": interval_ns(interval) // _SECOND_NS,
        "intervalName": interval,
        "lines": []
        if prices is None
        else [{"name": one.name, "label": one.label, "pane": one.pane} for one in prices.lines],
        "blocks": {name: block.head for name, block in blocks.items()},
    }


def listed(content: Content) -> Trips:
    """Return the round trips of the table: all, or those with the largest profits and losses."""
    trips = content.trips
    if len(trips) <= MOST_TRIPS:
        return trips
    largest = np.argsort(-np.abs(trips.profit), kind="stable")[:MOST_TRIPS]
    return trips.part(np.sort(largest))


def _longest(resting: Resting) -> Resting:
    """Return stops and limits: all, or those that waited longest."""
    if len(resting.begin) <= MOST_RESTING:
        return resting
    order = np.argsort(resting.begin - resting.end, kind="stable")[:MOST_RESTING]
    rows = np.sort(order)
    return Resting(*(getattr(resting, name)[rows] for name in Resting.__dataclass_fields__))


def _bars(bars: Bars) -> Block:
    packer = Packer(len(bars.ts))
    packer.delta("begin", bars.ts // _SECOND_NS)
    packer.candles(list(bars.prices[:4]))
    packer.plain("volume", bars.prices[4])
    for at, line in enumerate(bars.lines):
        packer.delta(f"line{at}", line)
    return packer.block()


def _exact(values: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return amounts of money without what rounding has left of sums: to a millionth."""
    return np.round(values, 6)
