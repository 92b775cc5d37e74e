"""The manifest of a catalog: one entry per series, and the answer when a series is missing."""

from __future__ import annotations

import difflib
import json
import urllib.parse
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.codes import interval_ns
from pipeline.errors import DataError
from pipeline.market.catalog.bar_file import FORMAT_VERSION

Key = tuple[str, str]
"""(interval, symbol); for a table of corporate actions "actions" stands for the interval."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One series of a catalog, or one symbol's table of corporate actions.

    `rows` bars, the first opening at `first_ts` and the last at `last_ts` (ns UTC; of actions the
    ex-dates at 00:00Z). `sources` are
    the imports that rows came from. `sha256` is `BarColumns.content_hash`: equal for equal bars,
    whatever their encoding. `file` is relative to the catalog.
    """

    symbol: str
    interval: str
    rows: int
    first_ts: int
    last_ts: int
    sources: tuple[str, ...]
    sha256: str
    file: str


def manifest_bytes(entries: dict[Key, Entry]) -> bytes:
    """Encode a manifest file; equal entries give equal bytes."""
    series = [asdict(entries[key]) for key in sorted(entries)]
    document = {"format": "ringtape catalog", "version": FORMAT_VERSION, "series": series}
    return (json.dumps(document, indent=1) + "\n").encode()


def parse_manifest(path: Path) -> dict[Key, Entry]:
    """Read a manifest file; DataError when it is damaged or of another version."""
    try:
        document = json.loads(path.read_bytes())
        version = document["version"]
        if version != FORMAT_VERSION:
            raise DataError(f"{path} has format version {version}, expected {FORMAT_VERSION}")
        entries = [
            Entry(**{**series, "sources": tuple(series["sources"])})
            for series in document["series"]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is damaged ({error}); import the data into a new one") from error
    return {(entry.interval, entry.symbol): entry for entry in entries}


def file_name(symbol: str) -> str:
    """Quote a symbol into a file name that is safe everywhere: "BTC/USD" is "BTC%2FUSD.parquet"."""
    quoted = urllib.parse.quote(symbol, safe="")
    if quoted.startswith("."):
        quoted = "%2E" + quoted[1:]
    if not symbol or len(quoted) > 200:
        raise DataError(f"a symbol must have 1 to 200 characters, was {symbol!r}")
    return quoted + ".parquet"


def not_found(path: Path, manifest: dict[Key, Entry], symbol: str, interval: str | None) -> str:
    """Say of a series that is not in the manifest what is nearest to it.

    ``interval`` None: of any. The manifest holds bars only.
    """
    intervals = [key[0] for key in manifest if key[1] == symbol]
    if intervals:
        intervals.sort(key=interval_ns)
        return f"{symbol} is not in {path} at {interval}, only at {', '.join(intervals)}"
    there = sorted({key[1] for key in manifest if key[0] == interval})
    if not there:
        there = sorted({key[1] for key in manifest})
    near = difflib.get_close_matches(symbol, there, n=3, cutoff=0.5)
    shown = near or there[:5]
    more = "" if len(shown) == len(there) else f" and {len(there) - len(shown):,} more"
    hint = "nearest" if near else "there are"
    at = "" if interval is None else f" at {interval}"
    return f"{symbol} is not in {path}{at}; {hint}: {', '.join(shown) or 'none'}{more}"
