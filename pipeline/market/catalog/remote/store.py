"""The objects of a catalog on an object store: read, written, listed, removed."""

from __future__ import annotations

import errno
import itertools
import re
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from pipeline.errors import DataError, RingtapeError, RunError
from pipeline.market.catalog.remote.clients import WAY_TO_CREDENTIALS, WAY_TO_STORE, client_of
from pipeline.market.threads import check_stopped
from pipeline.native.address import Address

T = TypeVar("T")

TRIES: Final = 4
"""Times that a request is sent before it has failed."""
_PAUSE: Final = 0.25
"""Seconds before the second try; each further pause is twice as long."""
_BLOCK: Final = 1 << 22
#: Where clients tell the state of an object, by which a change is seen.
_TAGS: Final = ("generation", "ETag", "etag")
#: What clients say where somebody else, or nobody, is asked for by these credentials.
_REFUSED: Final = re.compile(
    r"ACCESS_DENIED|INVALID_ACCESS_KEY_ID|INVALID_CLIENT_TOKEN_ID|SIGNATURE|EXPIRED_TOKEN|"
    r"ExpiredToken|MISSING_AUTHENTICATION|PERMISSION_DENIED|UNAUTHENTICATED|access token|"
    r"\b40[13]\b"
)
_NO_BUCKET: Final = re.compile(r"NO_SUCH_BUCKET|Bucket '.*' not found")


class Read(NamedTuple):
    """An object that was read."""

    content: bytes
    tag: str
    """What is another one when the object was written again; "" if the store tells none."""


class Listed(NamedTuple):
    """An object in a list."""

    name: str
    changed_ns: int | None
    """When it was written, ns UTC by the clock of the store; None if that is not known."""


class Store:
    """The objects below an address. Names are relative to the address.

    Requests that fail for a reason that may pass are sent again, `TRIES` times in all, after
    pauses for which ``sleep`` is called with seconds. Every method raises DataError if the bucket
    is not there or access is refused, and RunError if the store cannot be reached.
    """

    def __init__(self, address: Address, sleep: Callable[[float], None] = time.sleep) -> None:
        self.address = address
        self.sleep = sleep

    def place_of(self, name: str) -> str:
        """Return the address of an object, as messages name it."""
        return f"{self.address.scheme}://{self.address.key(name)}"

    def read(self, name: str) -> Read | None:
        """Return an object; None if it is not there."""

        def action() -> Read:
            with self._files.open_input_stream(self.address.key(name)) as source:
                return Read(source.read(), _tag(source))

        return self._found(name, action)

    def tag(self, name: str) -> str:
        """Return the tag of an object without reading it; "" if it has none or is not there."""

        def action() -> str:
            with self._files.open_input_stream(self.address.key(name)) as source:
                return _tag(source)

        return self._found(name, action) or ""

    def has(self, name: str) -> bool:
        """Return whether an object is there."""
        return self.size(name) is not None

    def size(self, name: str) -> int | None:
        """Return the size of an object in bytes; None if it is not there."""
        (found,) = self._tried(name, lambda: self._files.get_file_info([self.address.key(name)]))
        return found.size if found.is_file else None

    def has_bucket(self) -> bool:
        """Return whether the bucket is there; True also if it may not be asked for."""
        try:
            (found,) = self._tried("", lambda: self._files.get_file_info([self.address.bucket]))
        except DataError:
            return True
        return bool(found.type.name == "Directory")

    def download(self, name: str, path: Path) -> bool:
        """Write an object to a local file; return whether there is one.

        DataError if the file cannot be written.
        """

        def action() -> bool:
            with (
                self._files.open_input_stream(self.address.key(name)) as source,
                path.open("wb") as sink,
            ):
                while block := source.read(_BLOCK):
                    check_stopped()
                    sink.write(block)
            return True

        return self._found(name, action) or False

    def put(self, name: str, content: bytes) -> None:
        """Write an object in one put: whoever reads it finds all of it, or what was there."""

        def action() -> None:
            with self._files.open_output_stream(self.address.key(name)) as sink:
                sink.write(content)

        self._tried(name, action)

    def upload(self, name: str, path: Path) -> None:
        """Write a local file to an object."""

        def action() -> None:
            with (
                path.open("rb") as source,
                self._files.open_output_stream(self.address.key(name)) as sink,
            ):
                while block := source.read(_BLOCK):
                    check_stopped()
                    sink.write(block)

        self._tried(name, action)

    def names(self) -> list[Listed]:
        """Return all objects."""
        from pyarrow import fs

        base = self.address.key("")
        chosen = fs.FileSelector(base, recursive=True, allow_not_found=True)
        found = self._tried("", lambda: self._files.get_file_info(chosen))
        return [
            Listed(one.path.removeprefix(base).strip("/"), one.mtime_ns)
            for one in found
            if one.is_file
        ]

    def delete(self, name: str) -> None:
        """Remove an object, which need not be there."""
        self._found(name, lambda: self._files.delete_file(self.address.key(name)))

    @cached_property
    def _files(self) -> Any:
        return client_of(self.address)

    def _found(self, name: str, action: Callable[[], T]) -> T | None:
        try:
            return self._tried(name, action)
        except FileNotFoundError:
            return None

    def _tried(self, name: str, action: Callable[[], T]) -> T:
        """Return what a request gives. FileNotFoundError for an object that is not there."""
        self._connect(name)
        for number in itertools.count(1):
            try:
                return action()
            except FileNotFoundError:
                raise
            except OSError as error:
                refusal = self._refusal(error, name)
                if refusal is not None or number == TRIES:
                    raise refusal or self._failed(error, name, f", tried {TRIES} times") from error
            self.sleep(_PAUSE * 2 ** (number - 1))
        raise AssertionError("the last try returns or raises")

    def _refusal(self, error: OSError, name: str) -> RingtapeError | None:
        """Return the error that says why trying again is of no use; None if it may be."""
        scheme, text = self.address.scheme, _one_line(error)
        if error.errno is not None and error.errno != errno.EIO:
            return DataError(f"cannot write {error.filename}: {error.strerror}")
        if _NO_BUCKET.search(text):
            return DataError(no_bucket(self.address))
        if _REFUSED.search(text):
            way = WAY_TO_CREDENTIALS[scheme]
            return DataError(f"{self.place_of(name)}: access was refused ({text}); {way}")
        return None

    def _connect(self, name: str) -> None:
        """Make the client, which looks for the region of the bucket with retries of its own."""
        try:
            self._files  # noqa: B018 - it is made now
        except OSError as error:
            raise self._refusal(error, name) or self._failed(error, name, "") from error

    def _failed(self, error: OSError, name: str, tried: str) -> RunError:
        way = WAY_TO_STORE[self.address.scheme]
        told = _one_line(error)
        return RunError(f"{self.place_of(name)} cannot be reached{tried}: {told}; {way}")


def no_bucket(address: Address) -> str:
    """Say that there is no catalog at an address, because its bucket is not there."""
    return (
        f"no catalog at {address}: there is no bucket {address.bucket}; check its name, or make it "
        "with the tools of the store"
    )


def _tag(source: Any) -> str:
    """Return the tag of an object that is open."""
    told = source.metadata() or {}
    for name in _TAGS:
        value = told.get(name.encode(), told.get(name))
        if value:
            return value.decode() if isinstance(value, bytes) else str(value)
    return ""


#: What an error of a client says, without what leads to it and without identities of requests.
_ESSENCE: Final = re.compile(r"AWS Error .*|Received HTTP status code: \d+|CURL error.*")


def _one_line(error: OSError) -> str:
    text = " ".join(str(error).split())
    found = _ESSENCE.search(text)
    text = re.sub(r" \(Request ID:.*?\)|error_info=.*", "", found[0] if found else text)
    return text if len(text) <= 200 else f"{text[:200]}..."
