"""A headless Chromium for tests of pages, driven through its DevTools protocol over a pipe.

The pipe needs no port, no driver and no further package: messages are JSON, each ended by a NUL.
Protocol: https://chromedevtools.github.io/devtools-protocol/.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
)
# Chromium takes its commands from 3 and answers on 4. Both ends are moved out of the way first.
_LAUNCHER = """
import fcntl, os, sys
commands, answers = (fcntl.fcntl(int(n), fcntl.F_DUPFD, 10) for n in sys.argv[1:3])
os.dup2(commands, 3)
os.dup2(answers, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
_PATIENCE = 60.0


def find_chromium() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Page:
    """One page of a browser of its own: what it logs and asks for is kept.

    ``messages``: errors and warnings of its console, and exceptions nobody caught. ``requests``:
    the addresses of all it asked for.
    """

    def __init__(self, folder: Path) -> None:
        program = find_chromium()
        if program is None:
            pytest.skip(f"needs a browser: none of {', '.join(NAMES)} is installed")
        self.messages: list[str] = []
        self.requests: list[str] = []
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        os.set_blocking(self._answers, False)
        self._errors = (folder / "chromium.log").open("wb")
        launcher = [sys.executable, "-c", _LAUNCHER, str(commands), str(answers)]
        profile = f"--user-data-dir={folder / 'profile'}"
        self._process = subprocess.Popen(
            [*launcher, program, *_FLAGS, profile, "about:blank"],
            pass_fds=(commands, answers),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=self._errors,
            stderr=self._errors,
        )
        os.close(commands)
        os.close(answers)

    def __enter__(self) -> "Page":
        try:
            target = self.call("Target.createTarget", url="about:blank")["targetId"]
            attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
            self._session = attached["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                self.call(f"{domain}.enable")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            # Asked to end, it also ends the processes that it started.
            self._session = None
            self.call("Browser.close")
            self._process.wait(_PATIENCE)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            os.close(self._commands)
            os.close(self._answers)
            self._errors.close()

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Return what the browser answers to a command."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive(method)
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self._note(answer)

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression, of a promise what it comes to."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def resize(self, width: int, height: int) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def prefer(self, scheme: str) -> None:
        """Let the page know that the reader likes it "light" or "dark"."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", features=[feature])

    def mouse(self, kind: str, x: float, y: float) -> None:
        """Let the left button be "Pressed", held and "Moved", or "Released" at a place."""
        held = 0 if kind == "Released" else 1
        self.call(
            "Input.dispatchMouseEvent",
            type=f"mouse{kind}",
            x=x,
            y=y,
            button="left",
            buttons=held,
            clickCount=1,
        )

    def open(self, path: Path, ready: str) -> Any:
        """Load a file, forget what was before it; return what its promise `ready` comes to."""
        self.messages.clear()
        self.requests.clear()
        self.call("Page.navigate", url=path.as_uri())
        # The script that makes the promise may not have run yet.
        loaded = "new Promise(done => document.readyState === 'complete' ? done() : "
        self.evaluate(f"{loaded} addEventListener('load', done))")
        return self.evaluate(ready)

    def _receive(self, method: str) -> dict[str, Any]:
        deadline = time.monotonic() + _PATIENCE
        while b"\0" not in self._buffer:
            left = deadline - time.monotonic()
            ready = select.select([self._answers], [], [], max(0.0, left))[0]
            assert ready, f"the browser did not answer to {method} within {_PATIENCE:g} s"
            data = os.read(self._answers, 1 << 20)
            assert data, f"the browser ended before it answered to {method}"
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def _note(self, event: dict[str, Any]) -> None:
        """Keep what tells of a fault, and every request."""
        given = event.get("params", {})
        match event.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(given["request"]["url"])
            case "Runtime.exceptionThrown":
                self.messages.append(json.dumps(given["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if given["type"] in ("error", "warning", "assert"):
                self.messages.append(json.dumps(given["args"]))
            case "Log.entryAdded" if given["entry"]["level"] in ("error", "warning"):
                self.messages.append(given["entry"]["text"])
