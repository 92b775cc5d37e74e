"""HTTP of the standard library, for sources that need no client."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from email.message import Message
from typing import Final

from pipeline.fetch.courier import Answer, Courier, NoAnswerError

_TIMEOUT_SECONDS: Final = 60.0


def get(courier: Courier, url: str) -> Answer:
    """Ask for an address, through the courier. FetchError as `Courier.carry`."""
    return courier.carry(url, _send)


def _send(address: str) -> Answer:
    request = urllib.request.Request(address, headers={"User-Agent": "ringtape"})
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:
            return _answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as refusal:
        with refusal:
            return _answer(refusal.code, refusal.headers, b"")
    except urllib.error.URLError as error:
        raise NoAnswerError(str(error.reason)) from error
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswerError(str(error) or type(error).__name__) from error


def _answer(status: int, headers: Message, body: bytes) -> Answer:
    return Answer(status, {name.lower(): value for name, value in headers.items()}, body)
