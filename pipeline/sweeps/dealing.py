"""How the lanes of a pass are dealt to its engines."""

import heapq
from collections.abc import Sequence


def spread(costs: Sequence[float], engines: int) -> list[list[int]]:
    """Return the numbers of the lanes of each engine, such that all are busy about equally long.

    ``costs`` are the expected costs of the lanes, in any one unit. The dearest lane comes first,
    and each goes to the engine that has the least to do. The longest share is at most a third
    longer than the best possible (R. L. Graham, "Bounds on Multiprocessing Timing Anomalies", SIAM
    Journal on Applied Mathematics 17 (1969), 416-429). Lanes of equal cost are dealt in turn. Every
    engine gets a lane if there are enough.
    """
    shares: list[list[int]] = [[] for _ in range(engines)]
    loads = [(0.0, 0, engine) for engine in range(engines)]
    for lane in sorted(range(len(costs)), key=lambda lane: (-costs[lane], lane)):
        load, count, engine = heapq.heappop(loads)
        shares[engine].append(lane)
        heapq.heappush(loads, (load + costs[lane], count + 1, engine))
    return [sorted(share) for share in shares]
