"""The table of sources: what each has, needs, and takes for true. It imports no client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final, Literal

from pipeline.errors import ConfigError, nearest

if TYPE_CHECKING:
    from pipeline.fetch.courier import Courier
    from pipeline.fetch.page import Fetcher


@dataclass(frozen=True, slots=True)
class Source:
    """One source of bars."""

    name: str
    """Its name."""
    intervals: tuple[str, ...]
    """The intervals that it may have."""
    needs: str
    """What a user must have, in words."""
    conventions: str
    """What its bars are, in words: clock, stamps, adjustment, bars without trades."""
    adjusted: Literal["no", "splits"]
    """What its prices are adjusted for."""
    package: str = ""
    """The vendor's package, as it is installed; empty if it needs none."""
    extra: str = ""
    """The extra of Ringtape that installs it."""
    parts: str = ""
    """What may stand behind a colon, in words; empty if nothing may."""
    needs_part: bool = False
    """Whether something must stand there."""

    @property
    def installed(self) -> str | None:
        """The version of its package; "" if it needs none, None if that is not installed."""
        if not self.package:
            return ""
        try:
            return version(self.package)
        except PackageNotFoundError:
            return None

    def check_interval(self, interval: str) -> None:
        """Raise ConfigError for an interval that the source does not have."""
        if interval not in self.intervals:
            there = ", ".join(self.intervals)
            raise ConfigError(f"{self.name} has no interval {interval}; it has {there}")

    @property
    def install(self) -> str:
        """The command that installs its package; "" if it needs none."""
        return f"pip install 'ringtape[{self.extra}]'" if self.extra else ""


SOURCES: Final[Mapping[str, Source]] = {
    source.name: source
    for source in (
        Source(
            "binance-archive",
            ("1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d"),
            needs="nothing",
            conventions="UTC, stamped at open, not adjusted; minutes without trades have bars",
            adjusted="no",
            parts="um or cm, the futures margined in USD or in coins",
        ),
        Source(
            "yfinance",
            ("1m", "2m", "5m", "15m", "30m", "1h", "90m", "1d"),
            needs="the package yfinance",
            conventions="instants, days by their dates at the exchange, stamped at open, adjusted "
            "for splits and not for dividends, regular hours; dividends are imported beside them",
            adjusted="splits",
            package="yfinance",
            extra="yfinance",
        ),
        Source(
            "ccxt",
            (
                *("1s", "1m", "3m", "5m", "10m", "15m", "30m"),
                *("1h", "2h", "3h", "4h", "6h", "8h", "12h", "1d"),
            ),
            needs="the package ccxt",
            conventions="UTC, stamped at open, not adjusted; whether minutes without trades have "
            "bars is the exchange's choice",
            adjusted="no",
            package="ccxt",
            extra="ccxt",
            parts="the exchange, such as ccxt:kraken",
            needs_part=True,
        ),
        Source(
            "alpaca",
            ("1m", "5m", "15m", "30m", "1h", "2h", "4h", "1d"),
            needs="the package alpaca-py; for shares, keys in APCA_API_KEY_ID and "
            "APCA_API_SECRET_KEY",
            conventions="UTC, days of shares by their dates in New York, stamped at open, not "
            "adjusted, all hours; minutes without trades have no bars",
            adjusted="no",
            package="alpaca-py",
            extra="alpaca",
        ),
    )
}


def find_source(word: str) -> tuple[Source, str]:
    """Return the source that a word such as ``ccxt:kraken`` names, and what is behind its colon.

    Raises ConfigError if there is none, or if its package is not installed.
    """
    name, colon, part = word.partition(":")
    source = SOURCES.get(name)
    if source is None:
        near = nearest(name, SOURCES)
        way = f"did you mean {near[0]}?" if near else f"there are {', '.join(SOURCES)}"
        raise ConfigError(f"there is no source {name!r}; {way}")
    if colon and not source.parts:
        raise ConfigError(f"the source {word!r} has nothing behind a colon; write {name}")
    if not part and (colon or source.needs_part):
        raise ConfigError(f"the source {word!r} lacks what is behind its colon: {source.parts}")
    if source.installed is None:
        raise ConfigError(f"{name} needs the package {source.package}: {source.install}")
    return source, part


def fetcher_of(source: Source, part: str, courier: Courier) -> Fetcher:
    """Return what asks a source; ``part`` is what stands behind its colon.

    Raises ConfigError if there is no such part, if the package cannot be imported, or if the
    environment has no keys.
    """
    try:
        if source.name == "yfinance":
            from pipeline.fetch.sources.yahoo import Yahoo

            return Yahoo(courier)
        if source.name == "ccxt":
            from pipeline.fetch.sources.exchanges import Exchange

            return Exchange(courier, part)
        if source.name == "alpaca":
            from pipeline.fetch.sources.alpaca import Alpaca

            return Alpaca(courier)
    except ImportError as error:
        raise ConfigError(
            f"{source.name} needs the package {source.package}, which cannot be imported: {error}; "
            f"{source.install}"
        ) from error
    from pipeline.fetch.sources.binance_archive import BinanceArchive

    return BinanceArchive(courier, part)
