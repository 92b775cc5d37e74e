"""Binance's public archive: a zip of klines for each month and each day, and its checksum.

Whole months are taken as such, the days before and after them one by one. So the files have what is
asked for and no more, and an import reads them as they are. A month appears on the first Monday
after it; until then it is taken by its days. A day appears on the next one.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple

from pipeline.errors import ConfigError, DataError, FetchError
from pipeline.fetch.courier import Courier, without_secrets
from pipeline.fetch.over_urllib import get
from pipeline.fetch.page import Page
from pipeline.fetch.raw import RawReply
from pipeline.fetch.request import Request, day_of

_HOST: Final = "https://data.binance.vision"
_MARKETS: Final = {"": "spot", "um": "futures/um", "cm": "futures/cm"}
_OK: Final = 200
_ABSENT: Final = (403, 404)
"""What the archive answers for a file that it does not have; 403 is of mirrors in buckets."""
_DAYS_UNTIL_MONTH: Final = 10
"""So many days after a month its file is there; the first Monday is the seventh at the latest."""
_ATTEMPTS: Final = 2
"""So often a file that is damaged is fetched."""


class File(NamedTuple):
    """One file of the archive."""

    first: date
    """The first day."""
    end: date
    """The day after the last one."""
    is_month: bool
    """Whether it has a whole month, and not a day."""

    @property
    def span(self) -> str:
        """The month or the day, as it is in the name of the file."""
        return f"{self.first:%Y-%m}" if self.is_month else f"{self.first:%Y-%m-%d}"


def files_of(start: date, end: date) -> Iterator[File]:
    """Yield the files of the days from ``start`` to before ``end``, whole months where they fit."""
    day = start
    while day < end:
        after = (day.replace(day=28) + timedelta(4)).replace(day=1)
        is_month = day.day == 1 and after <= end
        file = File(day, after if is_month else day + timedelta(1), is_month)
        yield file
        day = file.end


class BinanceArchive:
    """Fetches files of the archive."""

    def __init__(self, courier: Courier, market: str) -> None:
        """``market`` is "" for spot, ``um`` or ``cm``. Raises ConfigError for another one."""
        if market not in _MARKETS:
            raise ConfigError(
                f"binance-archive has the markets um and cm behind its colon, was {market!r}"
            )
        self._courier = courier
        self._market = _MARKETS[market]

    def pages(self, request: Request) -> Iterator[Page]:
        """Yield a page for each file, as a fetcher does."""
        if request.interval == "1s" and self._market != "spot":
            raise ConfigError("the futures of binance-archive have no interval 1s; from 1m on")
        today = day_of(self._courier.clock.now())
        for symbol in request.symbols:
            yield from self._pages_of(symbol, request, today)

    def _pages_of(self, symbol: str, request: Request, today: date) -> Iterator[Page]:
        source = self._courier.source
        absent: list[str] = []
        found = False
        for planned in files_of(request.start, min(request.end, today)):
            for file, reply in self._got(symbol, request.interval, planned, today):
                if reply is None:
                    absent.append(file.span)
                else:
                    found = True
                    yield Page(symbol, file.end, (reply,))
        if not found:
            raise DataError(
                f"{source} has no file of {symbol} {request.interval} from {request.start} to "
                f"before {request.end} in {self._market}; its symbols are written like BTCUSDT"
            )
        notes = []
        if absent:
            notes.append(f"{source} has no file of {symbol} for {_listed(absent)}.")
        if request.end > today:
            notes.append(f"{source} has days of UTC that are over: {symbol} ends before {today}.")
        yield Page(symbol, request.end, (), notes=tuple(notes))

    def _got(
        self, symbol: str, interval: str, file: File, today: date
    ) -> Iterator[tuple[File, RawReply | None]]:
        """Yield a file with its reply, None if there is none; of a month yet to come, its days."""
        reply = self._fetched(symbol, interval, file)
        if reply is None and file.is_month and today < file.end + timedelta(_DAYS_UNTIL_MONTH):
            for number in range((file.end - file.first).days):
                day = file.first + timedelta(number)
                one = File(day, day + timedelta(1), False)
                yield one, self._fetched(symbol, interval, one)
        else:
            yield file, reply

    def _fetched(self, symbol: str, interval: str, file: File) -> RawReply | None:
        """Return a file as the raw folder has it, fetched if need be; None if there is none.

        FetchError if it comes damaged again.
        """
        span = "monthly" if file.is_month else "daily"
        name = f"{symbol}-{interval}-{file.span}.zip"
        url = f"{_HOST}/data/{self._market}/{span}/klines/{symbol}/{interval}/{name}"
        courier = self._courier
        told = without_secrets(courier.redirected(url))
        there = courier.raw.find(told, 0)
        if there is not None:
            courier.reused += 1
            return there
        why = ""
        for _ in range(_ATTEMPTS):
            body = self._body(url)
            if body is None:
                return None
            sums = self._body(f"{url}.CHECKSUM")
            why = _fault(body, sums, name)
            if not why:
                courier.fetched += 1
                return courier.raw.keep(name, told, courier.clock.now(), _OK, body)
        raise FetchError(f"{told} came damaged {_ATTEMPTS} times: {why}; nothing was imported")

    def _body(self, url: str) -> bytes | None:
        """Return what is at an address; None if nothing is."""
        answer = get(self._courier, url)
        if answer.status in _ABSENT:
            return None
        if answer.status != _OK:
            told = without_secrets(self._courier.redirected(url))
            raise FetchError(f"{self._courier.source}: {told} answered {answer.status}")
        return answer.body


def _fault(body: bytes, sums: bytes | None, name: str) -> str:
    """Return what is wrong with a zip, in words; "" if nothing is."""
    expected = sums.decode("ascii", "replace").split()[:1] if sums is not None else []
    if not expected:
        return "it has no checksum"
    found = hashlib.sha256(body).hexdigest()
    if found != expected[0].lower():
        return f"{len(body):,} bytes with the SHA-256 {found[:12]}, expected {expected[0][:12]}"
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            bad = archive.testzip()
    except zipfile.BadZipFile as error:
        return f"it is no zip: {error}"
    return "" if bad is None else f"{bad} in it is damaged"


def _listed(days: list[str]) -> str:
    """Return days and months in words, the first and the last of many."""
    if len(days) < 4:
        return " and ".join(days)
    return f"{len(days):,} days and months from {days[0]} to {days[-1]}"
