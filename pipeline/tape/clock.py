"""The pace of a clock-driven replay."""

import time


class Clock:
    """Market time at a multiple of real time, above 0. It begins when it is told what to show."""

    def __init__(self, multiple: float) -> None:
        self._multiple = multiple
        self._market = 0
        self._wall = time.monotonic_ns()

    def show(self, market_ns: int) -> None:
        """Show ``market_ns`` at the present, and go on from there."""
        self._market = market_ns
        self._wall = time.monotonic_ns()

    def now(self) -> int:
        """Return the market time that the clock shows, in ns."""
        return self._market + round((time.monotonic_ns() - self._wall) * self._multiple)

    def go_at(self, multiple: float) -> None:
        """Go on at another multiple of real time, above 0, from what the clock shows."""
        self.show(self.now())
        self._multiple = multiple

    def seconds_until(self, market_ns: int) -> float:
        """Return in how many seconds the clock shows ``market_ns``; 0 or less if that is past."""
        passed = (time.monotonic_ns() - self._wall) * 1e-9
        return (market_ns - self._market) * 1e-9 / self._multiple - passed
