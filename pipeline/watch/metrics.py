"""Serves the metrics of this process's runs over HTTP, and writes them to a file.

A thread of its own looks at the runs from outside, as anybody could. So the runs are as they are
without it. The views of runs that have ended are kept until the next ones come, because their
memory still holds the last figures.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from pipeline.errors import ConfigError
from pipeline.watch.exposition import Format, exposition
from pipeline.watch.live_runs import live_runs
from pipeline.watch.views import View
from shm.errors import ShmError

#: Seconds between two writes of the file.
EVERY_SECONDS: Final = 1.0
HOST: Final = "127.0.0.1"


class Onlooker:
    """Looks at the runs and sweeps of one process; safe to use from several threads."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._views: dict[str, View] = {}
        self._lock = threading.Lock()

    def documents(self) -> list[dict[str, Any]]:
        """Return the documents of the runs that are alive, or of the last ones that were."""
        with self._lock:
            alive = {one.run_id: one for one in live_runs() if one.pid == self._pid}
            fresh = alive.keys() - self._views.keys()
            if fresh:
                for run_id in self._views.keys() - alive.keys():
                    self._views.pop(run_id).close()
                for run_id in fresh:
                    with suppress(ShmError):  # it has ended in the meantime
                        self._views[run_id] = alive[run_id].attach()
            return [view.document() for view in self._views.values()]

    def close(self) -> None:
        """Detach from all."""
        with self._lock:
            for view in self._views.values():
                view.close()
            self._views.clear()


@contextmanager
def metrics_shown(address: str | None, file: Path | None) -> Iterator[None]:
    """Serve and write the metrics of this process's runs while the block lasts.

    ``address``: a port of 127.0.0.1, or host:port; None: nothing is served. ``file``: written each
    second and at the end; None: none is. ConfigError if the address or the file cannot be had.
    """
    if address is None and file is None:
        yield
        return
    onlooker = Onlooker(os.getpid())
    with ExitStack() as stack:
        stack.callback(onlooker.close)
        if address is not None:
            stack.enter_context(_served(onlooker, address))
        if file is not None:
            stack.enter_context(_written(onlooker, file))
        yield


@contextmanager
def _served(onlooker: Onlooker, address: str) -> Iterator[None]:
    host, port = _parsed(address)
    try:
        server = ThreadingHTTPServer((host, port), _handler(onlooker))
    except OSError as error:
        raise ConfigError(
            f"--metrics {address}: {host}:{port} cannot be had: {error.strerror}; choose another"
            " port"
        ) from None
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _parsed(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not port.isdecimal() or not 1 <= int(port) <= 65_535:
        raise ConfigError(
            f"--metrics is {address!r}, expected a port from 1 to 65535, or host:port"
        )
    return host or HOST, int(port)


def _handler(onlooker: Onlooker) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version = "ringtape"

        def do_GET(self) -> None:
            if self.path.partition("?")[0] not in ("/", "/metrics"):
                self.send_error(404, "metrics are at /metrics")
                return
            form = Format.accepted(self.headers.get("Accept", ""))
            text = exposition(onlooker.documents(), form).encode()
            self.send_response(200)
            self.send_header("Content-Type", form.value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            with suppress(OSError):  # the reader has gone
                self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            """Write nothing: the terminal is the command's."""

    return Handler


@contextmanager
def _written(onlooker: Onlooker, file: Path) -> Iterator[None]:
    def write() -> None:
        half = file.with_name(f"{file.name}.{os.getpid()}.half")
        half.write_text(exposition(onlooker.documents(), Format.PROMETHEUS), encoding="utf-8")
        half.replace(file)

    try:
        write()
    except OSError as error:
        raise ConfigError(f"--metrics-file {file} cannot be written: {error.strerror}") from None
    ended = threading.Event()

    def go_on() -> None:
        while not ended.wait(EVERY_SECONDS):
            with suppress(OSError):  # a full disk must not end the run
                write()

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        with suppress(OSError):
            write()
