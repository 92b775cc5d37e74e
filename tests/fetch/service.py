"""A source of bars on this machine, and a clock that does not wait."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pipeline.fetch.fetching import FetchResult, fetch_bars


@dataclass
class Asked:
    """One request that came."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass
class Reply:
    """What the service says."""

    body: bytes | str | dict[str, Any] | list[Any] = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    says_more: int = 0
    """So many bytes more than it sends are announced."""


class Service:
    """The service: ``answer`` makes replies, but those of ``first`` come first, one after another.

    ``asked`` are the requests that came. None as an answer is 404.
    """

    def __init__(self) -> None:
        self.answer: Callable[[Asked], Reply | None] = lambda asked: None
        self.first: list[Reply] = []
        self.asked: list[Asked] = []
        self.address = ""

    @property
    def paths(self) -> list[str]:
        return [one.path for one in self.asked]

    def reply(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        if self.first:
            return self.first.pop(0)
        return self.answer(asked) or Reply(b"nothing is here", 404)


@contextmanager
def serving() -> Iterator[Service]:
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            reply = service.reply(Asked(parts.path, query, dict(self.headers)))
            body = reply.body
            if isinstance(body, dict | list):
                reply.headers.setdefault("Content-Type", "application/json")
                body = json.dumps(body)
            sent = body.encode() if isinstance(body, str) else body
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(sent) + reply.says_more))
            self.end_headers()
            self.wfile.write(sent)
            self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    service.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class StoppedClock:
    """A clock that stands still, but while somebody waits."""

    def __init__(self, now: str) -> None:
        self.time = int(datetime.fromisoformat(now).replace(tzinfo=UTC).timestamp()) * 10**9
        self.waits: list[float] = []

    def now(self) -> int:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += int(seconds * 1e9)


class Fetching:
    """Fetches into one folder, from one service, at one time."""

    def __init__(self, service: Service, folder: Any, source: str, now: str) -> None:
        self.service, self.folder, self.source = service, folder, source
        self.clock = StoppedClock(now)

    def __call__(self, *symbols: str, **options: Any) -> FetchResult:
        given = {"catalog": self.folder / "catalog", "raw": self.folder / "raw"}
        return fetch_bars(
            self.source,
            symbols,
            address=self.service.address,
            clock=self.clock,
            **(given | options),
        )
