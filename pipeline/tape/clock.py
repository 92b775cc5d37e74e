"""The pace of a clock-driven replay."""

import time
from collections.abc import Callable

_SLICE_SECONDS = 0.05


class Clock:
    """Market time at a multiple of real time; closed hours between sessions take no time.

    ``check`` is called during a wait, and may raise to end it.
    """

    def __init__(self, multiplier: float, check: Callable[[], None]) -> None:
        self._multiplier = multiplier
        self._check = check
        self._market = 0
        self._wall = 0

    def open_session(self, market_ns: int) -> None:
        """Show ``market_ns``, the open of a session, at the present, and go on from there."""
        self._market = market_ns
        self._wall = time.monotonic_ns()

    def wait_until(self, market_ns: int) -> None:
        """Return when the clock shows ``market_ns``; at once if that is past."""
        due = self._wall + int((market_ns - self._market) / self._multiplier)
        while (left := due - time.monotonic_ns()) > 0:
            self._check()
            time.sleep(min(left / 1e9, _SLICE_SECONDS))
