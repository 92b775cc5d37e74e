"""The cache of a TimeManager's single-date questions: one slot, and behind it an LRU.

A run asks the same few questions again and again. The one just asked is answered from the slot,
the 100 latest from the LRU, and any other is computed.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

CACHE_CAPACITY: Final = 100


@dataclass(frozen=True, slots=True)
class CacheStatistics:
    """What the cache of one TimeManager did since it was made.

    ``queries`` = ``last_hits`` + ``lru_hits`` + ``misses``; ``entries`` of at most ``capacity``
    are in the LRU now; ``invalidations`` counts session starts.
    """

    queries: int
    last_hits: int
    lru_hits: int
    misses: int
    entries: int
    capacity: int
    invalidations: int

    @property
    def hit_rate(self) -> float:
        """Share of queries that the cache answered, 0 to 1; 0 before the first query."""
        return (self.last_hits + self.lru_hits) / self.queries if self.queries else 0.0

    @property
    def last_hit_rate(self) -> float:
        """Share of queries that the one slot answered, 0 to 1; 0 before the first query."""
        return self.last_hits / self.queries if self.queries else 0.0

    def format_report(self) -> str:
        """Return the counts as text of at most 80 columns."""
        return (
            f"{self.queries:,} calendar queries in {self.invalidations:,} sessions\n"
            f"{self.hit_rate:.1%} answered from the cache, {self.last_hit_rate:.1%} as the one "
            f"just asked\n"
        )


class QueryCache:
    """Answers by question; a question is a tuple of its name and its arguments."""

    def __init__(self) -> None:
        self._last_key: tuple[object, ...] | None = None
        self._last_value: object = None
        self._lru: OrderedDict[tuple[object, ...], object] = OrderedDict()
        self._last_hits = self._lru_hits = self._misses = self._invalidations = 0

    def answer(self, key: tuple[object, ...], compute: Callable[[], T]) -> T:
        """Return the answer to a question, computed only where it is not known."""
        if key == self._last_key:
            self._last_hits += 1
            return self._last_value  # type: ignore[return-value]
        if key in self._lru:
            self._lru_hits += 1
            self._lru.move_to_end(key)
            value: T = self._lru[key]  # type: ignore[assignment]
        else:
            value = compute()
            self._misses += 1
            self._lru[key] = value
            if len(self._lru) > CACHE_CAPACITY:
                self._lru.popitem(last=False)
        self._last_key, self._last_value = key, value
        return value

    def invalidate(self) -> None:
        """Forget all answers; the counts go on."""
        self._last_key = None
        self._last_value = None
        self._lru.clear()
        self._invalidations += 1

    def statistics(self) -> CacheStatistics:
        """Return what the cache has counted so far."""
        return CacheStatistics(
            queries=self._last_hits + self._lru_hits + self._misses,
            last_hits=self._last_hits,
            lru_hits=self._lru_hits,
            misses=self._misses,
            entries=len(self._lru),
            capacity=CACHE_CAPACITY,
            invalidations=self._invalidations,
        )
