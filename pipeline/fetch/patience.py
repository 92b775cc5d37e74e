"""How long a source that is busy is waited for.

A source that answers 429 or with an error of its own, or does not answer, is asked again up to
`ATTEMPTS` times in all. The waits double from a second on; where it says by `Retry-After` how long
to wait, it is given that time.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Protocol

from pipeline.codes import SECOND_NS
from pipeline.errors import FetchError

ATTEMPTS: Final = 6
"""So often a source is asked for the same at most."""
LONGEST_SECONDS: Final = 300.0
"""A source that wants to be left alone for longer is not waited for."""
_BUSY: Final = frozenset((408, 418, 425, 429, 500, 502, 503, 504))
"""The statuses of HTTP after which it is worth asking again; 418 is Binance's second warning."""


class Clock(Protocol):
    """The time, and how to let it pass."""

    def now(self) -> int:
        """Return the ns since 1970 UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> int:
        """Return the ns since 1970 UTC."""
        return time.time_ns()

    def sleep(self, seconds: float) -> None:
        """Wait, as long as nothing interrupts."""
        time.sleep(seconds)


def is_busy(status: int) -> bool:
    """Return whether a status of HTTP says that the source may answer later."""
    return status in _BUSY


def seconds_asked(value: str | None, now_ns: int) -> float:
    """Return the seconds that `Retry-After` asks for, as a number or as a time; 0.0 for none."""
    text = (value or "").strip()
    if text.replace(".", "", 1).isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    now = datetime.fromtimestamp(now_ns / SECOND_NS, UTC)
    return max(0.0, (moment - now).total_seconds())


class Patience:
    """The attempts at one thing."""

    def __init__(self, clock: Clock, what: str) -> None:
        """``what`` is asked for, in words: the source and the address."""
        self._clock, self._what = clock, what
        self._failed = 0
        self._waited = 0.0

    def wait(self, why: str, asked: float = 0.0) -> None:
        """Wait before another attempt, because the last one failed: ``why``, in words.

        The source has ``asked`` for so many seconds. FetchError if there were enough attempts, or
        if that is too long.
        """
        self._failed += 1
        again = "the same command goes on later where this one stopped"
        if self._failed >= ATTEMPTS:
            raise FetchError(
                f"{self._what} {why}, in {ATTEMPTS} attempts over {self._waited:,.0f} s; {again}"
            )
        if asked > LONGEST_SECONDS:
            raise FetchError(
                f"{self._what} {why}, and asks to wait {asked:,.0f} s, more than the "
                f"{LONGEST_SECONDS:,.0f} s of a fetch; {again}"
            )
        seconds = max(asked, 2.0 ** (self._failed - 1))
        self._waited += seconds
        self._clock.sleep(seconds)
