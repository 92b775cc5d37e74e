"""Opens the home of a catalog by its path or its address."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from pipeline.market.catalog.home import Folder, Home
from pipeline.native.address import Address, address_of


def home_of(place: str | os.PathLike[str]) -> Home:
    """Return the home of the catalog at a path or an address; ConfigError if it is neither."""
    found = address_of(place)
    if isinstance(found, Address):
        from pipeline.market.catalog.remote.mirror import mirror_of

        return mirror_of(found)
    return Folder(found)


@contextlib.contextmanager
def kept_to_one_manifest(place: str | os.PathLike[str]) -> Iterator[None]:
    """Let all catalogs of an address have one manifest until the block ends, whoever writes.

    Nothing happens for the path of a folder.
    """
    found = address_of(place)
    if isinstance(found, Address):
        from pipeline.market.catalog.remote.mirror import pinned

        with pinned(found):
            yield
    else:
        yield
