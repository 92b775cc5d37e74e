"""Serves the metrics of this process's runs over HTTP, and writes them to a file.

Threads of its own look at the runs from outside, as anybody could. So the runs are as they are
without them. One looks for runs that begin, often enough that it misses none. The views of runs
that have ended are kept until the next ones come, because their memory still holds the last
figures.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any, Final

from pipeline.errors import ConfigError
from pipeline.native.whole_file import write_whole
from pipeline.watch.exposition import Format, exposition
from pipeline.watch.live_runs import live_runs
from pipeline.watch.views import View
from shm.errors import ShmError

#: Seconds between two writes of the file.
EVERY_SECONDS: Final = 1.0
#: Seconds between two looks for runs that begin: the shortest ones last several times as long.
_LOOK_SECONDS: Final = 0.05
#: Seconds that a reader has to say what it wants.
_PATIENCE_SECONDS: Final = 10.0
HOST: Final = "127.0.0.1"


class Onlooker:
    """Looks at the runs and sweeps of one process; safe to use from several threads."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._views: dict[str, View] = {}
        self._lock = threading.Lock()

    def meet(self) -> None:
        """Attach to the runs that have begun since the last look."""
        with self._lock:
            alive = {one.run_id: one for one in live_runs() if one.pid == self._pid}
            fresh = alive.keys() - self._views.keys()
            if fresh:
                for run_id in self._views.keys() - alive.keys():
                    self._views.pop(run_id).close()
                for run_id in fresh:
                    with suppress(ShmError):  # it has ended in the meantime
                        self._views[run_id] = alive[run_id].attach()

    def documents(self) -> list[dict[str, Any]]:
        """Return the documents of the runs that are alive, or of the last ones that were."""
        self.meet()
        with self._lock:
            return [view.document() for view in self._views.values()]

    def close(self) -> None:
        """Detach from all."""
        with self._lock:
            for view in self._views.values():
                view.close()
            self._views.clear()


@contextmanager
def metrics_shown(
    address: str | None, file: Path | None, tell: Callable[[str], None] = lambda text: None
) -> Iterator[None]:
    """Serve and write the metrics of this process's runs while the block lasts.

    ``address``: a port of 127.0.0.1, or host:port; None: nothing is served. ``file``: written each
    second and at the end; None: none is. ``tell`` is told if it could not be written at the end.
    ConfigError if the address or the file cannot be had.
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
            stack.enter_context(_written(onlooker, file, tell))
        stack.enter_context(_repeated(onlooker.meet, _LOOK_SECONDS))
        yield


@contextmanager
def _repeated(work: Callable[[], None], seconds: float) -> Iterator[None]:
    """Do something again and again in a thread of its own while the block lasts."""
    ended = threading.Event()

    def go_on() -> None:
        while not ended.wait(seconds):
            work()

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class _Server(ThreadingHTTPServer):
    """Listens at one address; raises OSError if that cannot be had."""

    daemon_threads = True

    def __init__(self, host: str, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), handler)

    def server_bind(self) -> None:
        """Bind without asking for the host's full name, which may wait for a network."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Write what went wrong, but nothing of a reader that breaks off."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


@contextmanager
def _served(onlooker: Onlooker, address: str) -> Iterator[None]:
    host, port = _parsed(address)
    try:
        server = _Server(host, port, _handler(onlooker))
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no name of a host"
        raise ConfigError(
            f"--metrics {address}: {host}:{port} cannot be had: {reason}; choose another port or"
            " host"
        ) from None
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
    return host.removeprefix("[").removesuffix("]") or HOST, int(port)


def _handler(onlooker: Onlooker) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version = "ringtape"
        timeout = _PATIENCE_SECONDS

        def do_GET(self) -> None:
            if self.path.partition("?")[0] not in ("/", "/metrics"):
                self.send_error(404, "metrics are at /metrics")
                return
            form = Format.accepted(self.headers.get("Accept", ""))
            text = exposition(onlooker.documents(), form).encode(errors="replace")
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
def _written(onlooker: Onlooker, file: Path, tell: Callable[[str], None]) -> Iterator[None]:
    def write() -> None:
        text = exposition(onlooker.documents(), Format.PROMETHEUS)
        write_whole(file, text.encode(errors="replace"))

    def write_if_it_can() -> None:
        with suppress(OSError):  # a full disk must not end the run
            write()

    try:
        write()
    except OSError as error:
        raise ConfigError(f"--metrics-file {file} cannot be written: {error.strerror}") from None
    try:
        with _repeated(write_if_it_can, EVERY_SECONDS):
            yield
    finally:
        try:
            write()
        except OSError as error:
            tell(f"--metrics-file {file} could not be written at the end: {error.strerror}")
