"""Turns filters and orders that a user writes about the lanes of a ledger into SQL.

A filter is a name, a comparison and a value: ``sharpe_ratio > 1``, ``fast < 20``, ``state = done``,
``error != ""``. A name is that of a column of the lane, of a figure, of a part of a figure
(``deepest_drawdown.depth``) or of a parameter. A parameter that is named like a figure is written
with ``parameters.`` before it. Names and values reach SQLite only as bound values, never as a part
of a statement's text.
"""

import json
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.errors import LedgerError, nearest

#: Columns that filters and orders can name.
COLUMNS = ("key", "strategy", "universe", "state", "error", "digest", "seconds")
_FILTER = re.compile(
    r"\s*(?P<name>[^\s<>=!]+)\s*(?P<sign><=|>=|!=|==|=|<|>)\s*(?P<value>[^\s<>=!].*?)\s*"
)
_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_LANES_TO_LOOK_AT = 1000
_MAX_INT = 2**63


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece of SQL and the values bound in it, in order."""

    text: str
    values: tuple[Any, ...] = ()


def where_clause(connection: sqlite3.Connection, filters: Sequence[str]) -> Clause:
    """Return the condition that all ``filters`` are true.

    A figure that a lane lacks, or that is null, only matches a comparison with ``null``. A number
    is not compared with text. LedgerError for a text that is no filter, and for a name that no lane
    has.
    """
    clauses = [_filter(connection, text) for text in filters]
    text = " AND ".join(f"({clause.text})" for clause in clauses) or "TRUE"
    return Clause(text, tuple(value for clause in clauses for value in clause.values))


def order_clause(connection: sqlite3.Connection, order: str) -> Clause:
    """Return the SQL that sorts by a name, downwards if it begins with "-"; nulls come last."""
    found = _operand(connection, order.removeprefix("-").strip())
    way = "DESC" if order.startswith("-") else "ASC"
    return Clause(f"{found.text} IS NULL, {found.text} {way}", found.values * 2)


def _filter(connection: sqlite3.Connection, text: str) -> Clause:
    parts = _FILTER.fullmatch(text)
    if parts is None:
        raise LedgerError(
            f"{text!r} is not a filter; expected a name, one of < <= > >= = != and a value, as in "
            '"sharpe_ratio > 1"'
        )
    left = _operand(connection, parts["name"])
    sign = "=" if parts["sign"] == "==" else parts["sign"]
    value = _value(parts["value"])
    if sign not in ("=", "!=") and (value is None or isinstance(value, str)):
        raise LedgerError(f"{text!r}: expected a number after {sign}, was {parts['value']}")
    if value is None:
        return Clause(f"{left.text} IS {'NOT ' * (sign == '!=')}NULL", left.values)
    kinds = "('text')" if isinstance(value, str) else "('integer', 'real')"
    return Clause(
        f"typeof({left.text}) IN {kinds} AND {left.text} {sign} ?", (*left.values * 2, value)
    )


def _value(text: str) -> Any:
    """Read a value as JSON, or else as text, with or without quotes."""
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1]
    try:
        value = json.loads(text, parse_constant=lambda name: None if name == "NaN" else name)
    except (ValueError, RecursionError):
        return text
    if isinstance(value, list | dict):
        return text
    if isinstance(value, int) and not -_MAX_INT <= value < _MAX_INT:
        return float(value)
    return value


def _operand(connection: sqlite3.Connection, name: str) -> Clause:
    """Return the SQL of the value that a name stands for; LedgerError if no lane has the name."""
    if name in COLUMNS:
        return Clause(f"lanes.{name}")
    if _NAME.fullmatch(name):
        columns, below = ["statistics", "parameters"], name.split(".")
        if below[0] in columns and len(below) > 1:
            columns, below = below[:1], below[1:]
        path = "$" + "".join(f'."{one}"' for one in below)
        for column in columns:
            known = f"SELECT 1 FROM lanes WHERE json_type({column}, ?) IS NOT NULL LIMIT 1"
            if connection.execute(known, (path,)).fetchone() is not None:
                return Clause(f"json_extract(lanes.{column}, ?)", (path,))
    names = _names(connection)
    if not names:  # a ledger without lanes answers every question with no lanes
        return Clause("NULL")
    near = nearest(name, [*COLUMNS, *names], 1, 0.0)
    raise LedgerError(f"no lane has {name!r}; did you mean {near[0]}?")


def _names(connection: sqlite3.Connection) -> list[str]:
    """Return the names of parameters and figures that some lanes have."""
    found: set[str] = set()
    rows = connection.execute(
        "SELECT parameters, statistics FROM lanes LIMIT ?", (_LANES_TO_LOOK_AT,)
    )
    for parameters, statistics in rows:
        found |= {f"parameters.{name}" for name in json.loads(parameters)}
        for name, value in json.loads(statistics).items():
            inner = value if isinstance(value, dict) else {}
            found |= {f"{name}.{one}" for one in inner} or {name}
    return sorted(found)
