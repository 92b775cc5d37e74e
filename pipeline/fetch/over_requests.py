"""HTTP of clients that use a session of the package requests: the courier becomes its adapter."""

from __future__ import annotations

import http.client
import io
from collections.abc import Mapping
from typing import Any, Final

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from requests.exceptions import RequestException
from urllib3 import HTTPResponse

from pipeline.errors import text_of
from pipeline.fetch.courier import Answer, Courier, NoAnswerError

_OF_PACKING: Final = frozenset(("content-encoding", "transfer-encoding", "content-length"))
"""Headers that tell how a body was packed on its way."""


def carried_by(courier: Courier, session: Session) -> Session:
    """Have a courier carry all requests of a session; return the session."""
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Carried(courier))
    return session


class _Carried(HTTPAdapter):  # type: ignore[misc]  # requests is not typed
    """An adapter whose requests a courier carries."""

    def __init__(self, courier: Courier) -> None:
        super().__init__()
        self._courier = courier

    def send(self, request: PreparedRequest, **options: Any) -> Response:
        """Send a request, and return its response. FetchError as `Courier.carry`."""
        options["stream"] = False

        def send(address: str) -> Answer:
            request.url = address
            try:
                response = super(_Carried, self).send(request, **options)
                return Answer(response.status_code, _small(response.headers), response.content)
            except RequestException as error:
                raise NoAnswerError(_reason(error)) from error

        answer = self._courier.carry(str(request.url), send)
        headers = {k: v for k, v in answer.headers.items() if k not in _OF_PACKING}
        body = io.BytesIO(answer.body)
        reason = http.client.responses.get(answer.status, "")
        reply = HTTPResponse(body, headers, answer.status, reason=reason, preload_content=False)
        return self.build_response(request, reply)


def _small(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _reason(error: BaseException) -> str:
    """Return why there was no answer, as the innermost error says it, without the address."""
    inner = error
    while isinstance(inner.args[0] if inner.args else None, BaseException):
        inner = inner.args[0]
    inner = getattr(inner, "reason", None) or inner
    text = text_of(inner) if isinstance(inner, BaseException) else str(inner)
    return text.rpartition(": ")[2] or type(error).__name__
