"""HTTP of clients that use a session of the package curl_cffi, as yfinance does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from curl_cffi.requests import Headers, Response, Session
from curl_cffi.requests.exceptions import RequestException

from pipeline.fetch.courier import Answer, Courier, NoAnswerError


class CarriedSession(Session):  # type: ignore[misc]  # curl_cffi is taken as untyped
    """A session whose requests a courier carries, those that are ``wanted`` with patience.

    Others, such as for cookies, are asked for once: the client knows what to do without them.
    """

    def __init__(self, courier: Courier, wanted: Callable[[str], bool]) -> None:
        # Yahoo answers browsers.
        super().__init__(impersonate="chrome")
        self._courier, self._wanted = courier, wanted

    def request(self, method: str, url: str, **options: Any) -> Response:
        """Send a request, and return its response. FetchError as `Courier.carry`."""
        query = options.pop("params", None)
        full = f"{url}?{urlencode(query)}" if query else url
        found: list[Response] = []

        def send(address: str) -> Answer:
            try:
                response = super(CarriedSession, self).request(method, address, **options)
            except RequestException as error:
                if not self._wanted(full):
                    raise
                # Its text goes on with an address of libcurl's help.
                raise NoAnswerError(str(error).partition(". See ")[0]) from error
            found.append(response)
            headers = {name.lower(): str(value) for name, value in response.headers.items()}
            return Answer(response.status_code, headers, response.content)

        carry = self._courier.carry if self._wanted(full) else self._courier.pass_by
        answer = carry(full, send)
        return found[-1] if found else _response(full, answer)


def _response(url: str, answer: Answer) -> Response:
    response = Response()
    response.url = url
    response.status_code = answer.status
    response.ok = True
    response.headers = Headers(dict(answer.headers))
    response.content = answer.body
    return response
