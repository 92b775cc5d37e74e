"""Small markets made of integers: bars that no version of Python or NumPy can change.

Prices are whole steps of a power of two, so that they are exact, and come from `Draws`, which mixes
plain integers. What is here has pinned digests: it may be added to, but not changed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from pipeline import HOUR, MINUTE, SECOND, TimeManager
from tests.reference.market import Bars, Market, session_table

DAY = 24 * HOUR
START = 1_700_006_400_000_000_000  # a midnight
_MASK = 2**64 - 1


class Draws:
    """Numbers that follow from a seed: splitmix64 in plain integers."""

    def __init__(self, seed: int) -> None:
        self._state = seed

    def below(self, most: int) -> int:
        """Give the next number, of 0 to ``most`` - 1."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ mixed >> 27) * 0x94D049BB133111EB) & _MASK
        return (mixed ^ mixed >> 31) % most

    def around(self, most: int) -> int:
        """Give the next number, of -``most`` to ``most``."""
        return self.below(2 * most + 1) - most


def walk(
    times: Iterable[int],
    seed: int,
    *,
    start: int = 400,
    step: float = 0.25,
    move: int = 3,
    missing: int = 0,
) -> Bars:
    """Give most times a bar, whose prices are whole ``step``s and begin at ``start`` of them.

    ``move``: steps between open and close at most; ``missing``: of 16 times, those without a bar.
    """
    draws = Draws(seed)
    kept, rows, close = [], [], start
    for at in times:
        open_ = max(close + draws.around(2), start // 4)
        close = max(open_ + draws.around(move), start // 4)
        high = max(open_, close) + draws.below(3)
        low = min(open_, close) - draws.below(3)
        volume = 100 * draws.below(6)
        if draws.below(16) >= missing:
            kept.append(at)
            rows.append((open_ * step, high * step, low * step, close * step, float(volume)))
    return Bars(np.array(kept, np.int64), np.array(rows, np.float64).reshape(-1, 5).T.copy())


def _times(market_begin: int, market_end: int, step: int) -> range:
    return range(market_begin, market_end, step)


def minutes(missing: Sequence[int], streams: Sequence[str] = ("1m",)) -> Market:
    """Three sessions of 45 minutes at a month's end, a symbol for each count of missing bars."""
    opens = [START, START + HOUR, START + 2 * HOUR]
    table = session_table([(at, at + 45 * MINUTE) for at in opens])
    bars = {
        "ABCD"[place]: walk(_times(START, opens[-1] + 50 * MINUTE, MINUTE), place + 1, missing=few)
        for place, few in enumerate(missing)
    }
    return Market(bars, table, tuple(streams))


def seconds() -> Market:
    """Two symbols with bars of seconds in two sessions of four minutes."""
    table = session_table(
        [(START, START + 4 * MINUTE), (START + 6 * MINUTE, START + 10 * MINUTE)],
    )
    times = _times(START, START + 10 * MINUTE, SECOND)
    bars = {"A": walk(times, 11, missing=4), "B": walk(times, 12, missing=10)}
    return Market(bars, table, ("1s", "30s", "1m"))


def hours() -> Market:
    """Eight sessions of seven hours with a break, of which two close early, after three."""
    opens = [START + DAY * day + 9 * HOUR for day in range(8)]
    short = [day in (2, 6) for day in range(8)]
    spans = [(at, at + (3 if early else 7) * HOUR) for at, early in zip(opens, short, strict=True)]
    table = session_table(spans)
    breaks = np.array(
        [0 if early else at + 3 * HOUR for at, early in zip(opens, short, strict=True)]
    )
    table = replace(
        table,
        early_close=np.array(short),
        break_start_ns=breaks,
        break_end_ns=np.where(breaks > 0, breaks + HOUR, 0),
    )
    times = _times(opens[0], opens[-1] + 7 * HOUR, HOUR)
    return Market(
        {
            "A": walk(times, 21, move=12),
            "B": walk(times, 22, move=20, missing=2),
            "C": walk(times, 23, move=8, missing=6),
        },
        table,
        ("1h", "4h", "1d"),
    )


def days() -> Market:
    """Two symbols with bars of forty days, some of them missing, labelled by date."""
    midnights = [START + DAY * day for day in range(40)]
    table = session_table([(at + 14 * HOUR, at + 21 * HOUR) for at in midnights])
    table = replace(table, date_ns=np.array(midnights, np.int64))
    return Market({"A": walk(midnights, 31), "B": walk(midnights, 32, missing=3)}, table, ("1d",))


def around_the_clock() -> Market:
    """Two symbols with bars of 15 minutes in two sessions of a day, without time between them."""
    table = session_table([(START, START + DAY), (START + DAY, START + 2 * DAY)])
    times = _times(START, START + 2 * DAY, 15 * MINUTE)
    return Market(
        {"A": walk(times, 41), "B": walk(times, 42, missing=2)}, table, ("15m", "1h", "4h")
    )


def currencies() -> Market:
    """A pair near 1 in steps of 1/64, and two symbols with gaps that it can convert."""
    table = session_table([(START, START + HOUR), (START + 2 * HOUR, START + 3 * HOUR)])
    times = _times(START, START + 3 * HOUR, MINUTE)
    bars = {
        "A": walk(times, 51, start=80, step=0.015625, move=1, missing=2),
        "B": walk(times, 52),
        "C": walk(times, 53, missing=5),
    }
    return Market(bars, table, ("1m", "5m"))


def half_day() -> Market:
    """Bars of half an hour around Thanksgiving in New York, the half-day after it among them."""
    table = TimeManager("US_EQUITY").session_table("2024-11-26", "2024-12-02")
    begin, end = int(table.open_ns[0]), int(table.close_ns[-1])
    times = _times(begin, end, 30 * MINUTE)
    return Market({"A": walk(times, 61), "B": walk(times, 62, missing=4)}, table, ("30m", "1h"))


def ragged() -> Market:
    """Four symbols: one throughout, one that comes late, one that goes early, one with few bars."""
    table = session_table([(START, START + 50 * MINUTE), (START + HOUR, START + 110 * MINUTE)])
    bars = {
        "A": walk(_times(START, START + 2 * HOUR, MINUTE), 71),
        "B": walk(_times(START + 40 * MINUTE, START + 2 * HOUR, MINUTE), 72, missing=1),
        "C": walk(_times(START, START + 30 * MINUTE, MINUTE), 73, missing=1),
        "D": walk(_times(START, START + 2 * HOUR, MINUTE), 74, missing=13),
    }
    return Market(bars, table, ("1m", "5m", "15m"))
