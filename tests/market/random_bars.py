"""Sessions and minute bars as no real market has them, for properties that hold in any."""

import numpy as np
from hypothesis import strategies as st

from pipeline.market.bars import assign_sessions
from pipeline.market.time.time_manager import SessionTable
from tests.market.real_bars import Float64Array, Int64Array

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND


def table_of(spans: list[tuple[int, int]]) -> SessionTable:
    opens = np.array([span[0] for span in spans], dtype=np.int64)
    ends = np.array([span[1] for span in spans], dtype=np.int64)
    none = np.zeros(len(spans), dtype=np.int64)
    return SessionTable(opens // DAY * DAY, opens, ends, np.zeros(len(spans), bool), none, none)


def assigned(ts: Int64Array, length: int, table: SessionTable) -> tuple[Int64Array, Int64Array]:
    session, close_ts = np.empty_like(ts), np.empty_like(ts)
    inside = assign_sessions(
        ts, length, table.open_ns, table.close_ns, table.date_ns, session, close_ts
    )
    assert inside == (session >= 0).sum()
    return session, close_ts


@st.composite
def markets(draw: st.DrawFn) -> tuple[SessionTable, Int64Array, Float64Array]:
    """Sessions at any minute and 1m bars on any grid, with gaps, some outside all sessions."""
    spans, at = [], draw(st.integers(0, 5))
    for _ in range(draw(st.integers(1, 4))):
        length = draw(st.integers(1, 30))
        spans.append((at * MINUTE, (at + length) * MINUTE))
        at += length + draw(st.integers(0, 10))
    shift = draw(st.sampled_from([0, 0, 17, 30])) * SECOND
    kept = draw(st.lists(st.booleans(), min_size=at + 2, max_size=at + 2))
    ts = np.flatnonzero(kept).astype(np.int64) * MINUTE - shift
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = rng.integers(1, 50, (5, len(ts))).astype(np.float64) / 7
    return table_of(spans), ts, values
