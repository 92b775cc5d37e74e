"""The records through which compiled code finds a lane's account and the bars of its slot.

    CONTEXT record (one per lane)              TABLE record (one per interval, of the current slot)
    +----------------------------------+       +-----------------------------------------------+
    | account   -> ACCOUNT             |       | interval (ns), -> ts, close_ts, count, seen   |
    | tables    -> TABLE[intervals]    | ----> | values: f8[columns, symbols, stride]          |
    | cursor    -> i8[intervals, S]    |       | first: row where the slot's own bars begin    |
    | names     -> i8[n, 3]            |       +-----------------------------------------------+
    | universe  -> i8[universe_count]  |       symbols that the strategy trades
    | symbol_keys -> i8[S]             |       see `column_names.symbol_key`
    | zone      -> i8[zone_count, 2]   |       see `clock`
    | random    -> i8[6]               |       see `random_numbers`
    | session_date, _open, _close      |
    | bar       -> BAR (`bar_record`)  |
    | operate: address of the machine  |
    |   code of `operations.operate`   |
    | stirred: 1 if an operation has   |
    |   left work for the market       |
    +----------------------------------+

``cursor`` holds, per interval and symbol, the last row that the strategy may know. Rows behind it
are the future, and no operation reads them. It is -1 for a symbol outside the lane's universe, of
which the strategy knows no row. The engine process writes all cells.
"""

from typing import Any

import numpy as np

from pipeline.native.memory import record_at

CONTEXT: np.dtype[Any] = np.dtype(
    [
        (name, "i8")
        for name in (
            *("account", "tables", "intervals", "cursor", "names", "name_count", "lookback"),
            *("session_date", "session_open", "session_close"),
            *("moments", "entries", "sessions", "next_open", "next_close"),
            *("symbol", "hook", "bar", "operate", "stirred"),
            *("universe", "universe_count", "symbol_keys", "zone", "zone_count", "random"),
        )
    ]
)
TABLE: np.dtype[Any] = np.dtype(
    [
        (name, "i8")
        for name in (
            *("interval", "ts", "close_ts", "values", "count", "seen"),
            *("stride", "plane", "first"),
        )
    ]
)

context_at = record_at(CONTEXT)
table_at = record_at(TABLE)
