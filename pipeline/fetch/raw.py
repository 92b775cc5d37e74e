"""The raw folder: the replies of a source as they came, and a line about each.

::

    raw/ccxt-kraken/
      BTC%2FUSD-1h-20240101-5a2f09c1.json     a reply
      replies.jsonl                           a line for each reply: address, time, status, hash

A line is written when its file is complete, so what an interrupted fetch leaves is used by the
next one. A file that is not there any more, or has another hash, is as if it had never come.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pipeline.codes import SECOND_NS
from pipeline.market.catalog.manifest import file_name

LINES: Final = "replies.jsonl"
"""The name of the file with the lines."""


@dataclass(frozen=True, slots=True)
class RawReply:
    """One reply that is kept."""

    address: str
    """The address that was asked, without keys."""
    time_ns: int
    """When the reply came, ns UTC, in whole seconds."""
    status: int
    """The status of HTTP."""
    sha256: str
    """The hash of the body."""
    file: Path
    """The file with the body."""


def file_begin(symbol: str) -> str:
    """Return what the names of files of a symbol begin with, as those of a catalog do."""
    return file_name(symbol).removesuffix(".parquet")


class RawFolder:
    """The replies of one source, in a folder that is made with the first of them."""

    def __init__(self, folder: Path) -> None:
        """Read the lines of the folder ``folder``. A line that was cut off is left out."""
        self.folder = folder
        self._replies: dict[str, RawReply] = {}
        lines = folder / LINES
        for line in lines.read_bytes().splitlines() if lines.exists() else ():
            reply = self._read(line)
            if reply is not None:
                self._replies[reply.address] = reply

    def _read(self, line: bytes) -> RawReply | None:
        try:
            told = json.loads(line)
            moment = datetime.fromisoformat(told["time"])
            return RawReply(
                address=str(told["address"]),
                time_ns=int(moment.timestamp()) * SECOND_NS,
                status=int(told["status"]),
                sha256=str(told["sha256"]),
                file=self.folder / Path(told["file"]).name,
            )
        except (ValueError, KeyError, TypeError):
            return None

    def find(self, address: str, since_ns: int) -> RawReply | None:
        """Return the reply of an address that came at ``since_ns`` or later, if it is whole."""
        reply = self._replies.get(address)
        if reply is None or reply.time_ns < since_ns or not reply.file.is_file():
            return None
        with reply.file.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        return reply if found == reply.sha256 else None

    def keep(self, name: str, address: str, time_ns: int, status: int, body: bytes) -> RawReply:
        """Write the body of a reply to the file ``name``, and then its line; return the reply."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / name
        partial = file.with_name(f"{name}.part")
        try:
            partial.write_bytes(body)
            partial.replace(file)
        finally:
            partial.unlink(missing_ok=True)
        digest = hashlib.sha256(body).hexdigest()
        reply = RawReply(address, time_ns // SECOND_NS * SECOND_NS, status, digest, file)
        self._add_line(reply, len(body))
        self._replies[address] = reply
        return reply

    def _add_line(self, reply: RawReply, size: int) -> None:
        moment = datetime.fromtimestamp(reply.time_ns // SECOND_NS, UTC)
        line = {
            "time": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            "address": reply.address,
            "status": reply.status,
            "bytes": size,
            "sha256": reply.sha256,
            "file": reply.file.name,
        }
        with (self.folder / LINES).open("ab+") as lines:
            begin = b""
            if lines.seek(0, os.SEEK_END):
                lines.seek(-1, os.SEEK_END)
                begin = b"" if lines.read(1) == b"\n" else b"\n"  # the last line was cut off
            lines.write(begin + json.dumps(line, ensure_ascii=False).encode() + b"\n")
