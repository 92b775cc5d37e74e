"""Binance's archive of hourly klines, as far as tests need it."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from datetime import date, timedelta

from tests.fetch.service import Asked, Reply

HOUR_MS = 3_600_000


def klines(first: date, days: int) -> bytes:
    """Return the klines of some days as the archive has them: twelve columns, no header."""
    begin = (first - date(1970, 1, 1)).days * 24
    lines = []
    for hour in range(begin, begin + 24 * days):
        price = 100 + hour % 37
        opened = hour * HOUR_MS
        lines.append(
            f"{opened},{price}.00,{price + 2}.50,{price - 1}.00,{price + 1}.00,12.5,"
            f"{opened + HOUR_MS - 1},1250.0,42,6.25,625.0,0"
        )
    return "\n".join(lines).encode()


def zipped(name: str, content: bytes) -> bytes:
    """Return an archive whose bytes are the same whenever it is made."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def archive(*absent: str, symbol: str = "BTCUSDT") -> Callable[[Asked], Reply | None]:
    """Answer as the archive, which lacks files whose names end in one of ``absent``."""

    def answer(asked: Asked) -> Reply | None:
        name = asked.path.rpartition("/")[2].removesuffix(".CHECKSUM")
        stem = name.removesuffix(".zip")
        if not stem.startswith(f"{symbol}-1h-") or stem.endswith(absent):
            return None
        days = stem.removeprefix(f"{symbol}-1h-")
        first = date.fromisoformat(days if "daily" in asked.path else f"{days}-01")
        count = 1
        if "monthly" in asked.path:
            count = ((first.replace(day=28) + timedelta(4)).replace(day=1) - first).days
        body = zipped(f"{stem}.csv", klines(first, count))
        if asked.path.endswith(".CHECKSUM"):
            return Reply(f"{hashlib.sha256(body).hexdigest()}  {name}\n")
        return Reply(body)

    return answer
