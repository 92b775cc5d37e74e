"""The cache of a TimeManager's single-date questions: one slot, and behind it an LRU cache.

A run asks the same few questions again and again. The slot answers the question that was asked
last, the LRU cache the 100 latest ones, and any other answer is computed.
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
    """Counts of the cache of one TimeManager since it was made."""

    queries: int
    """Questions asked: the sum of the next three."""
    last_hits: int
    """Questions that the slot answered."""
    lru_hits: int
    """Questions that the LRU cache answered."""
    misses: int
    """Questions whose answer was computed."""
    entries: int
    """Answers in the LRU cache now."""
    capacity: int
    """Most answers that the LRU cache holds."""
    invalidations: int
    """How often the cache was emptied, which is once per session."""

    @property
    def hit_rate(self) -> float:
        """Share of queries that the cache answered, 0 to 1; 0 before the first query."""
        return (self.last_hits + self.lru_hits) / self.queries if self.queries else 0.0

    @property
    def last_hit_rate(self) -> float:
        """Share of queries that the slot answered, 0 to 1; 0 before the first query."""
        return self.last_hits / self.queries if self.queries else 0.0

    def format_report(self) -> str:
        """Return the counts as text of at most 80 columns."""
        return (
            f"{self.queries:,} calendar queries in {self.invalidations:,} sessions\n"
            f"{self.hit_rate:.1%} answered from the cache, {self.last_hit_rate:.1%} as the one "
            f"just asked\n"
        )


class QueryCache:
    """Keeps answers by question. A question is a tuple of its name and its arguments."""

    def __init__(self) -> None:
        self._last_key: tuple[object, ...] | None = None
        self._last_value: object = None
        self._lru: OrderedDict[tuple[object, ...], object] = OrderedDict()
        self._last_hits = self._lru_hits = self._misses = self._invalidations = 0

    def answer(self, key: tuple[object, ...], compute: Callable[[], T]) -> T:
        """Return the answer to a question. It is computed only if it is not known."""
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
        """Forget all answers. The counts go on."""
        self._last_key = None
        self._last_value = None
        self._lru.clear()
        self._invalidations += 1

    def statistics(self) -> CacheStatistics:
        """Return the counts so far."""
        return CacheStatistics(
            queries=self._last_hits + self._lru_hits + self._misses,
            last_hits=self._last_hits,
            lru_hits=self._lru_hits,
            misses=self._misses,
            entries=len(self._lru),
            capacity=CACHE_CAPACITY,
            invalidations=self._invalidations,
        )
