"""Which engine gets which lanes."""

import heapq
from collections.abc import Sequence


def spread(costs: Sequence[float], engines: int) -> list[list[int]]:
    """Deal lanes to engines so that all are busy about as long: numbers of the lanes of each.

    ``costs``: what each lane is expected to take, in any one unit. The dearest first, each to the
    engine that has the least to do (R. L. Graham, "Bounds on Multiprocessing Timing Anomalies",
    SIAM Journal on Applied Mathematics 17 (1969), 416-429: at most a third above the best); equal
    costs are dealt in turn. No engine is without lanes unless there are fewer than engines.
    """
    shares: list[list[int]] = [[] for _ in range(engines)]
    loads = [(0.0, 0, engine) for engine in range(engines)]
    for lane in sorted(range(len(costs)), key=lambda lane: (-costs[lane], lane)):
        load, count, engine = heapq.heappop(loads)
        shares[engine].append(lane)
        heapq.heappush(loads, (load + costs[lane], count + 1, engine))
    return [sorted(share) for share in shares]
