"""Addresses of catalogs: which texts name an object store, and which a folder.

s3://bucket/prefix     objects of Amazon S3, or of a store with the same protocol
gs://bucket/prefix     objects of Google Cloud Storage
file:///path           a folder, as its path alone would name it
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePath
from typing import Final, NamedTuple
from urllib.parse import unquote

from pipeline.errors import ConfigError

#: A scheme has two letters at least, so that the letter of a drive is none.
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
#: What a Path makes of an address: it joins slashes.
_JOINED: Final = re.compile(r"(s3|gs|file):/+")
_STORES: Final = ("s3", "gs")
_WAYS: Final = "a folder, s3://bucket/prefix, gs://bucket/prefix or file:///path"


class Address(NamedTuple):
    """The place of a catalog on an object store."""

    scheme: str
    """``s3`` or ``gs``."""
    bucket: str
    """The bucket."""
    prefix: str
    """The beginning of the names of all objects, without slashes at its ends; may be empty."""

    def __str__(self) -> str:
        return f"{self.scheme}://{self.key('')}".rstrip("/")

    def key(self, name: str) -> str:
        """Return the bucket and key of an object of the catalog, joined by slashes."""
        return "/".join(part for part in (self.bucket, self.prefix, name) if part)


def as_text(place: str | os.PathLike[str]) -> str:
    """Return a path or an address as text; an address that went through a Path is mended."""
    if isinstance(place, str):
        return place
    text = place.as_posix() if isinstance(place, PurePath) else os.fspath(place)
    joined = _JOINED.match(text)
    if joined is None:
        return os.fspath(place)
    slashes = ":///" if joined[1] == "file" else "://"
    return f"{joined[1]}{slashes}{text[joined.end() :]}"


def fault_of(text: str) -> str:
    """Say what is expected in place of a text that is neither a path nor an address; "" if it is.

    Addresses of other schemes, without a bucket and with a host in place of a path are such texts.
    """
    found = _SCHEME.match(text)
    if found is None:
        return ""
    scheme, rest = found[1], text[found.end() :]
    if scheme not in (*_STORES, "file"):
        return f"{_WAYS} ({scheme}:// is none of these)"
    if scheme == "file":
        return "" if rest.startswith("/") else "file:///path, with three slashes and no host"
    return "" if rest.strip("/").strip() and rest[0] != "/" else f"{scheme}://bucket/prefix"


def address_of(place: str | os.PathLike[str]) -> Address | Path:
    """Return the address that a text or path stands for, or the path of the folder.

    ConfigError for an address that is none.
    """
    text = as_text(place)
    if fault := fault_of(text):
        raise ConfigError(f"the catalog is {text!r}, expected {fault}")
    found = _SCHEME.match(text)
    if found is None:
        return Path(place)
    rest = text[found.end() :]
    if found[1] == "file":
        return Path(unquote(rest))
    bucket, _, prefix = rest.partition("/")
    return Address(found[1], bucket, prefix.strip("/"))


def is_address(place: str | os.PathLike[str]) -> bool:
    """Return whether a text or path has a scheme, also one that does not serve."""
    return _SCHEME.match(as_text(place)) is not None
