"""hikyuu's minute files: unpadded times of Shanghai at the END of bars; `count` is the volume."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from pipeline.market.importers.delimited import DelimitedLayout

_HEADER = ("date", "open", "high", "low", "close", "amount", "count")

HIKYUU = DelimitedLayout(
    "hikyuu",
    recognises=lambda header, source: header.normal_names == _HEADER,
    columns={"ts": "date", "volume": "count"},
    zone=ZoneInfo("Asia/Shanghai"),
    end_stamped=True,
)
