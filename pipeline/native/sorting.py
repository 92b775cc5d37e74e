"""Lists are sorted in compiled code as Python sorts them: what compares equal keeps its order.

Numba's ``list.sort`` and ``sorted`` are quick sorts, which do not keep it. It shows with a ``key``,
and wherever two items are equal but not the same, as 0.0 and -0.0 are. In place of Numba's four
functions stand sorts here, of a list or of the places of its items by their keys, upwards or
downwards. As Python does, they turn a list around, sort it upwards and turn it around again, for
``reverse=True``; and fewer than 64 items are put in one after the other, so that a NaN, which no
order has a place for, ends where it does in Python 3.11 and 3.12.
"""

from typing import Any

from numba import njit
from numba.cpython import listobj

#: Python merges lists of this length and more.
_MERGED = 64


@njit
def _sorted_places(items, places):  # type: ignore[no-untyped-def]
    """Return the places of a list's items in upward order; ``places``: their order before."""
    if len(places) < _MERGED:
        _insert(items, places, _first_run(items, places))
        return places
    return _merged(items, places)


@njit
def _first_run(items, places):  # type: ignore[no-untyped-def]
    """Return how many items are in order at the beginning; turn them around if they fall."""
    count = len(places)
    if count < 2:
        return count
    falls = items[places[1]] < items[places[0]]
    run = 2
    while run < count and (items[places[run]] < items[places[run - 1]]) == falls:
        run += 1
    if falls:
        for at in range(run // 2):
            places[at], places[run - 1 - at] = places[run - 1 - at], places[at]
    return run


@njit
def _insert(items, places, run):  # type: ignore[no-untyped-def]
    """Put every item from ``run`` on among those before it, which are in order."""
    for at in range(run, len(places)):
        placed = places[at]
        low, high = 0, at
        while low < high:
            middle = (low + high) // 2
            if items[placed] < items[places[middle]]:
                high = middle
            else:
                low = middle + 1
        for moved in range(at, low, -1):
            places[moved] = places[moved - 1]
        places[low] = placed


@njit
def _merged(items, places):  # type: ignore[no-untyped-def]
    """Return places in order: neighbours are merged into pairs, pairs into fours, and so on."""
    count = len(places)
    merged = places.copy()
    width = 1
    while width < count:
        for begin in range(0, count, 2 * width):
            middle, end = min(begin + width, count), min(begin + 2 * width, count)
            left, right = begin, middle
            for at in range(begin, end):
                takes_right = left == middle or (
                    right < end and items[places[right]] < items[places[left]]
                )
                if takes_right:
                    merged[at] = places[right]
                    right += 1
                else:
                    merged[at] = places[left]
                    left += 1
        places, merged = merged, places
        width *= 2
    return places


@njit
def _upwards(items):  # type: ignore[no-untyped-def]
    return _sorted_places(items, [*range(len(items))])


@njit
def _downwards(items):  # type: ignore[no-untyped-def]
    return _sorted_places(items, [*range(len(items) - 1, -1, -1)])[::-1]


def _sorting(places_in_order: Any) -> Any:
    """Make a function that sorts a list."""

    @njit
    def sort(items):  # type: ignore[no-untyped-def]
        items[:] = [items[place] for place in places_in_order(items)]

    return sort


listobj.arg_sort_forwards, listobj.arg_sort_backwards = _upwards, _downwards
listobj.sort_forwards, listobj.sort_backwards = _sorting(_upwards), _sorting(_downwards)
