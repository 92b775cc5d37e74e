"""The manifest of a catalog: one entry per series, and the message about a missing series."""

from __future__ import annotations

import hashlib
import json
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.codes import LONGEST_SYMBOL, SYMBOL_WORDS, interval_ns, is_symbol
from pipeline.errors import DataError, nearest
from pipeline.market.catalog.account import Account
from pipeline.market.catalog.bar_file import FORMAT_VERSION
from pipeline.market.catalog.coverage import Coverage
from pipeline.market.catalog.merging import Span
from pipeline.market.catalog.price_jumps import PriceJumps

#: So many characters of a file's name leave room for its ending on all systems.
_LONGEST_NAME = 200
#: So many of them say which of several long symbols it is.
_HASH_LENGTH = 32
#: Names that Windows keeps for devices, whatever follows after a dot.
_DEVICES = {"CON", "PRN", "AUX", "NUL"}
_DEVICES |= {f"{port}{number}" for port in ("COM", "LPT") for number in range(10)}

Key = tuple[str, str]
"""(interval, symbol). A table of corporate actions has "actions" in place of the interval."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One series of a catalog, or one symbol's table of corporate actions."""

    symbol: str
    """The symbol."""
    interval: str
    """The interval, or "actions"."""
    rows: int
    """Number of bars, or of ex-dates."""
    first_ts: int
    """Open of the first bar, ns UTC, or the first ex-date at 00:00Z."""
    last_ts: int
    """Open of the last bar, ns UTC, or the last ex-date at 00:00Z."""
    sources: tuple[str, ...]
    """The imports from which the rows came."""
    sha256: str
    """Hash of the content, which is the same for equal rows in any encoding."""
    file: str
    """Path of the file, relative to the catalog."""
    week: str | None = None
    """Part of the week that the bars cover (`trading_week`); None if that is not known, as of
    series that were written by a version without it."""
    coverage: Coverage | None = None
    """The days that the bars cover; None as with ``week``, and of corporate actions."""
    accounts: tuple[Account, ...] = ()
    """What each import into the series took for true, the latest last; those that are known."""
    jumps: PriceJumps | None = None
    """Where the price jumps, whatever the splits are; None as with ``week``, and of corporate
    actions."""
    unaccounted: Span | None = None
    """Where bars lie of which no account tells; None without accounts, when it is all of them."""

    @property
    def without_account(self) -> Span | None:
        """Where bars may lie of which no account tells; None if there are none."""
        return self.unaccounted if self.accounts else Span(self.first_ts, self.last_ts)


def manifest_bytes(entries: dict[Key, Entry]) -> bytes:
    """Encode a manifest file. Equal entries give equal bytes."""
    series = [as_document(entries[key]) for key in sorted(entries)]
    document = {"format": "ringtape catalog", "version": FORMAT_VERSION, "series": series}
    return (json.dumps(document, indent=1) + "\n").encode()


def as_document(entry: Entry) -> dict[str, Any]:
    """Return an entry in the types that JSON has."""
    found: dict[str, Any] = _plain(entry)
    return found


def _plain(value: Any) -> Any:
    """Return records as dictionaries, which name what they have, and other tuples as lists."""
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: _plain(one) for name, one in value._asdict().items()}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


class _Manifest(NamedTuple):
    """What a manifest file has in it."""

    version: int
    series: list[Entry]
    format: str = ""


def parse_manifest(path: Path) -> dict[Key, Entry]:
    """Read a manifest file. DataError if it is damaged or of another version."""
    return parsed(path.read_bytes(), str(path))


def parsed(content: bytes, path: str) -> dict[Key, Entry]:
    """Decode a manifest that was read from ``path``, a path or an address. DataError as above."""
    from pydantic import TypeAdapter, ValidationError

    try:
        version = json.loads(content)["version"]
        if version != FORMAT_VERSION:
            raise DataError(f"{path} has format version {version}, expected {FORMAT_VERSION}")
        entries = TypeAdapter(_Manifest).validate_json(content, strict=True).series
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise _damaged(path, f"{place} is {first['input']!r:.60}: {first['msg']}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(path, str(error)) from error
    return {(entry.interval, entry.symbol): entry for entry in entries}


def _damaged(path: str, fault: str) -> DataError:
    return DataError(f"{path} is damaged ({fault}); import the data into a new one")


def file_name(symbol: str) -> str:
    """Return the file name of a symbol, safe everywhere: "BTC/USD" has "BTC%2FUSD.parquet".

    What is too long for a file system ends with a hash of the symbol behind ``%~``, which no other
    name has. DataError for a text that is no symbol.
    """
    if not is_symbol(symbol):
        shown = repr(symbol) if len(symbol) <= LONGEST_SYMBOL else f"{symbol[:64]!r}..."
        raise DataError(
            f"a symbol has {SYMBOL_WORDS}, was {shown} of {len(symbol)} characters; give another "
            "one with --symbol"
        )
    quoted = urllib.parse.quote(symbol, safe="")
    if quoted.startswith(".") or quoted.partition(".")[0].upper() in _DEVICES:
        quoted = f"%{ord(quoted[0]):02X}{quoted[1:]}"
    if len(quoted) > _LONGEST_NAME:
        digest = hashlib.sha256(symbol.encode()).hexdigest()[:_HASH_LENGTH]
        quoted = f"{quoted[: _LONGEST_NAME - _HASH_LENGTH - 2]}%~{digest}"
    return quoted + ".parquet"


def not_found(place: str, manifest: dict[Key, Entry], symbol: str, interval: str | None) -> str:
    """Return the message about a series that is not in the manifest, with the nearest ones.

    ``interval`` is None if the series may have any. ``manifest`` has bars only.
    """
    intervals = [key[0] for key in manifest if key[1] == symbol]
    if intervals:
        intervals.sort(key=interval_ns)
        longer = "" if interval is None else _made_of(interval, intervals)
        return f"{symbol} is not in {place} at {interval}, only at {', '.join(intervals)}{longer}"
    there = sorted({key[1] for key in manifest if key[0] == interval})
    if not there:
        there = sorted({key[1] for key in manifest})
    at = "" if interval is None else f" at {interval}"
    parts = [part.strip(" '\"") for part in symbol.split(",")]
    if len(parts) > 1 and set(parts) <= set(there):
        listed = ", ".join(f'"{part}"' for part in parts)
        return f"{symbol} is not in {place}{at}; did you mean {len(parts)} symbols, {listed}?"
    if near := nearest(symbol, there, 3):
        return f"{symbol} is not in {place}{at}; did you mean {' or '.join(near)}?"
    shown = there[:5]
    more = "" if len(shown) == len(there) else f" and {len(there) - len(shown):,} more"
    return f"{symbol} is not in {place}{at}; there are: {', '.join(shown) or 'none'}{more}"


def _made_of(interval: str, there: Sequence[str]) -> str:
    """Say how bars of an interval are made of the longest ones that are there; "" if they are not.

    ``there`` are intervals, ascending.
    """
    length = interval_ns(interval)
    bases = [one for one in there if interval_ns(one) < length and not length % interval_ns(one)]
    if not bases:
        return ""
    return (
        f'; a run makes {interval} of {bases[-1]}: write the streams ["{bases[-1]}","{interval}"]'
    )
