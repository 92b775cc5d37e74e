"""hikyuu's minute files: unpadded times of Shanghai at the END of bars; `count` is the volume."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from pipeline.market.importers.delimited import DelimitedLayout
from pipeline.market.importers.header import Header
from pipeline.market.importers.source import Source

_HEADER = ("date", "open", "high", "low", "close", "amount", "count")
_UNPADDED = re.compile(r"\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d{1,2}:0")


def _recognises(header: Header, source: Source) -> bool:
    row = header.first_row or ("",)
    return header.normal_names == _HEADER and _UNPADDED.fullmatch(row[0]) is not None


HIKYUU = DelimitedLayout(
    "hikyuu",
    recognises=_recognises,
    signs="the header date,open,high,low,close,amount,count, and times like 2017-3-3 9:31:0",
    columns={"ts": "date", "volume": "count"},
    zone=ZoneInfo("Asia/Shanghai"),
    stamped="close",
)
