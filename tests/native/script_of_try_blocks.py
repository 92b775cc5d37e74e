"""A script with functions that take items of lists within a ``try``.

Run as a program, with NUMBA_NRT_STATS=1, it compiles each, calls it many times and prints as JSON
what it gave, and how many lists it has made and released. A list that is released too often ends
the program.
"""

import json
import sys

from numba.core.runtime import rtsys

from tests.native.compiled import compiled

CALLS, STEPS = 1000, 5


def in_a_loop(n):
    items, found = [1.0, 2.0, 3.0], 0.0
    for _ in range(n):
        try:
            found += items[5]
        except Exception:  # noqa: BLE001 - compiled code knows no other
            found += 102.0
    return found + items[0]


def one_after_the_other(n):
    items, found = [1.0, 2.0, 3.0], 0.0
    try:
        found = items[n]
    except Exception:  # noqa: BLE001
        found = 100.0
    try:
        found += items[n + 1]
    except Exception:  # noqa: BLE001
        found += 200.0
    return found + items[0]


def beside_a_raise(n):
    items, found = [item for item in (1.0, 2.0)], 0.0  # noqa: C416
    for step in range(n):
        try:
            if step > 1:
                raise ValueError("enough")
            found += items[step + 1]
        except Exception:  # noqa: BLE001
            found += 0.5
    return found + items[1]


def item_of(items, place):
    try:
        return items[place]
    except Exception:  # noqa: BLE001
        return 0.5


def in_a_function(n):
    items = [1.0, 2.0, 3.0]
    return item_of(items, 5) + item_of(items, 1) + item_of(items, n) + items[0]


def nested(n):
    items, found = [1.0, 2.0, 3.0], 0.0
    lists = [items, [4.0]]
    for step in range(n):
        try:
            try:
                found += lists[step][1]
                found += items[step + 2]
            finally:
                found += items[0]
        except Exception:  # noqa: BLE001
            try:
                found += items[step + 1]
            except Exception:  # noqa: BLE001
                found += 0.125
    return found + items[0] + lists[1][0]


def stored(n):
    items = [1.0, 2.0, 3.0]
    for step in range(n):
        try:
            items[step + 1] = 5.0
            items.pop(7)
        except Exception:  # noqa: BLE001
            items.append(2.0)
            continue
    return sum(items)


def in_a_comprehension(n):
    items, found = [1.0, 2.0], 0.0
    for last in range(n):
        try:
            found += sum([items[place] for place in range(last)])
        except Exception:  # noqa: BLE001
            found += 0.5
    return found + items[1]


def made(n):
    if n > 1:
        raise ValueError("enough")
    return [1.0 * n, 2.0]


def calls_in_comprehensions(n):
    found = 0.0
    for last in range(n):
        try:
            found += len([[made(step)[0] for step in range(last)] for _ in range(last)])
            found += sum(list({step: made(step)[1] for step in range(last)}.values()))
        except Exception:  # noqa: BLE001
            found += 100.0
    return found + made(1)[0]


def in_a_function_inside(n):
    def first_of(step):
        return made(step)[0]

    found = 0.0
    try:
        found = first_of(n)
    except Exception:  # noqa: BLE001
        found = -1.0
    return found + made(1)[0]


FUNCTIONS = (
    *(in_a_loop, one_after_the_other, beside_a_raise, in_a_function, nested, stored),
    *(in_a_comprehension, calls_in_comprehensions, in_a_function_inside),
)


def main():
    """Call every function, and print what comes of it."""
    told = {}
    for function in FUNCTIONS:
        ours = compiled(function)
        ours(0)
        before = rtsys.get_allocation_stats()
        given = [[ours(n) for n in range(STEPS)] for _ in range(CALLS)]
        after = rtsys.get_allocation_stats()
        made, freed = (
            getattr(after, name) - getattr(before, name) for name in ("mi_alloc", "mi_free")
        )
        assert all(one == given[0] for one in given)
        told[function.__name__] = {"gave": given[0], "made": made, "freed": freed}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
