"""The courier carries requests of any client to its source, and brings the replies.

::

    fetcher -> vendor's client -> its session -> courier -> source
                                                    |
                                                raw folder

Whatever client a fetcher uses, its HTTP goes through a courier. So all sources have the same
patience, and the replies of all are kept as they came. Inside of `Courier.page`, a reply that the
raw folder has is given to the client as if it had just come.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pipeline.codes import SECOND_NS
from pipeline.errors import ConfigError
from pipeline.fetch.patience import Clock, Patience, is_busy, seconds_asked
from pipeline.fetch.raw import RawFolder, RawReply

_OK: Final = 200
_SECRET: Final = frozenset(
    ("crumb", "apikey", "api_key", "api-key", "key", "token", "access_token", "secret", "signature")
)
"""Names of the parts of an address that are keys, in small letters."""


class Answer(NamedTuple):
    """What a source has answered."""

    status: int
    """The status of HTTP."""
    headers: Mapping[str, str]
    """The headers, by their names in small letters."""
    body: bytes
    """The body, unpacked."""


class NoAnswerError(Exception):
    """A source could not be reached, or broke off; the text says why."""


Send = Callable[[str], Answer]
"""Asks an address once. Raises NoAnswerError."""


@dataclass(slots=True)
class OpenPage:
    """The replies that belong to one page; those that are new are kept when the page is done."""

    name: str
    """The beginning of the names of its files."""
    ends_ns: int
    """The end of what was asked for: a reply that came before does not have all of it."""
    takes: Callable[[str], bool]
    """Whether an address is one of the page's."""
    replies: list[RawReply] = field(default_factory=list)
    """Those that are kept."""
    _new: list[tuple[str, int, bytes]] = field(default_factory=list)

    @property
    def time_ns(self) -> int:
        """When the first of the replies came, ns UTC."""
        return min(reply.time_ns for reply in self.replies)


class Courier:
    """Carries the requests to one source."""

    def __init__(
        self, source: str, raw: RawFolder, clock: Clock, address: str | None = None
    ) -> None:
        """``source`` names the source in messages.

        With an ``address``, such as that of a mirror, it takes the place of the scheme and the host
        of all addresses. Raises ConfigError if it is none.
        """
        if address is not None and urlsplit(address).scheme not in ("http", "https"):
            raise ConfigError(
                f"address must begin with http:// or https://, was {without_secrets(address)!r}"
            )
        self.source, self.raw, self.clock = source, raw, clock
        self._address = address
        self._page: OpenPage | None = None
        self._sent_ns = 0
        self.pace_seconds = 0.0
        """The least time between two requests that are sent."""
        self.fetched = 0
        """The replies that came and are kept."""
        self.reused = 0
        """The replies that the raw folder had."""

    def carry(self, url: str, send: Send) -> Answer:
        """Ask for ``url`` with patience, and return the answer, whatever its status.

        FetchError if the source stays busy or cannot be reached.
        """
        address = self.redirected(url)
        told = without_secrets(address)
        page = self._page
        if page is None or not page.takes(told):
            return self._asked(told, lambda: send(address))
        there = self.raw.find(told, page.ends_ns)
        if there is not None:
            self.reused += 1
            page.replies.append(there)
            headers = {"content-type": "application/json"}
            return Answer(there.status, headers, there.file.read_bytes())
        answer = self._asked(told, lambda: send(address))
        if answer.status == _OK:
            page._new.append((told, self.clock.now(), answer.body))
        return answer

    def pass_by(self, url: str, send: Send) -> Answer:
        """Ask for ``url`` once. Raises NoAnswerError."""
        return send(self.redirected(url))

    @contextmanager
    def page(
        self, name: str, ends_ns: int, takes: Callable[[str], bool] = lambda _: True
    ) -> Iterator[OpenPage]:
        """Keep the replies that come during the block, if it ends without an error.

        Their files begin with ``name``. What the raw folder has of the addresses that ``takes``
        says, and came at ``ends_ns`` or later, is not fetched again.
        """
        page = OpenPage(name, ends_ns, takes)
        self._page = page
        try:
            yield page
        finally:
            self._page = None
        for address, time_ns, body in page._new:
            mark = hashlib.sha256(address.encode()).hexdigest()[:8]
            file = f"{name}-{mark}.json"
            page.replies.append(self.raw.keep(file, address, time_ns, _OK, body))
            self.fetched += 1

    def _asked(self, told: str, send: Callable[[], Answer]) -> Answer:
        patience = Patience(self.clock, f"{self.source}: {told}")
        while True:
            self._keep_pace()
            try:
                answer = send()
            except NoAnswerError as error:
                patience.wait(f"cannot be reached: {error}")
                continue
            if not is_busy(answer.status):
                return answer
            asked = seconds_asked(answer.headers.get("retry-after"), self.clock.now())
            patience.wait(f"answered {answer.status}", asked)

    def _keep_pace(self) -> None:
        passed = (self.clock.now() - self._sent_ns) / SECOND_NS
        if passed < self.pace_seconds:
            self.clock.sleep(self.pace_seconds - passed)
        self._sent_ns = self.clock.now()

    def redirected(self, url: str) -> str:
        """Return the address that is asked in place of ``url``."""
        if self._address is None:
            return url
        parts = urlsplit(url)
        rest = urlunsplit(("", "", parts.path, parts.query, ""))
        return f"{self._address.rstrip('/')}{rest}"


def without_secrets(address: str) -> str:
    """Return an address without keys among its parameters, and without a name and password."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    plain = [(name, value) for name, value in pairs if name.lower() not in _SECRET]
    query = parts.query if len(plain) == len(pairs) else urlencode(plain)
    return urlunsplit((parts.scheme, host, parts.path, query, ""))
