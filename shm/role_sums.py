"""Sums of counters by role: of the rows "engine 0", "engine 1", ... those of "engine"."""

from collections.abc import Mapping
from typing import TypeAlias

#: Counters by row and name, or by role and name.
Counters: TypeAlias = Mapping[str, Mapping[str, int]]


def by_role(rows: Counters) -> dict[str, dict[str, int]]:
    """Return the counters of a stats block's rows (`stats.StatsBlock.counters`), summed by role."""
    total: dict[str, dict[str, int]] = {}
    for row, counters in rows.items():
        total = added(total, {row.partition(" ")[0]: counters})
    return total


def added(one: Counters, other: Counters) -> dict[str, dict[str, int]]:
    """Return the sums of the counters of the same role and name."""
    return {
        role: _sums(one.get(role, {}), other.get(role, {}))
        for role in dict.fromkeys([*one, *other])
    }


def _sums(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    names = dict.fromkeys([*one, *other])
    return {name: one.get(name, 0) + other.get(name, 0) for name in names}
