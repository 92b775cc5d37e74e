"""CryptoDataDownload: a line with its address first, two volumes, newest first, epochs in s or ms.

The volume is that of the base currency, with which the symbol begins: of BTC for BTC/USD. Both
orders of the two columns occur. `date` beside the epochs is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pipeline.market.importers.delimited import DelimitedLayout
from pipeline.market.importers.fields import normal
from pipeline.market.importers.header import Header
from pipeline.market.importers.layouts.timeframes import timeframe
from pipeline.market.importers.source import Source

_EPOCHS = {"unix", "unixtimestamp"}
_INTERVAL = re.compile(r"_(\d*)(minute|min|m|hour|hr|h|day|d)\.csv", re.IGNORECASE)


def _banner(lines: Sequence[str]) -> int:
    return int(bool(lines) and "cryptodatadownload" in lines[0].lower())


def _recognises(header: Header, source: Source) -> bool:
    names = set(header.normal_names)
    volumes = [name for name in names if name.startswith("volume")]
    known = bool(_EPOCHS & names) and {"date", "symbol", "open", "close"} <= names
    return known and bool(volumes) and (header.at > 0 or len(volumes) == 2)


def _columns(header: Header, source: Source) -> Mapping[str, str]:
    named = dict(zip(header.normal_names, header.names, strict=True))
    epochs = next(named[name] for name in named if name in _EPOCHS)
    columns = {"ts": epochs, "symbol": named["symbol"]}
    place = header.normal_names.index("symbol")
    symbol = normal(header.first_row[place]) if place < len(header.first_row) else ""
    volumes = {name.removeprefix("volume"): named[name] for name in named if name[:6] == "volume"}
    base = max((code for code in volumes if symbol.startswith(code)), key=len, default=None)
    return columns if base is None else columns | {"volume": volumes[base]}


def _interval(name: str) -> str | None:
    match = _INTERVAL.search(name)
    return timeframe(match[1] or "1", match[2]) if match else None


CRYPTODATADOWNLOAD = DelimitedLayout(
    "cryptodatadownload",
    recognises=_recognises,
    signs="its address in the first line or two volumes, and a header with unix, date and symbol",
    skip=_banner,
    columns_of=_columns,
    interval=_interval,
    adjusted="no",
)
