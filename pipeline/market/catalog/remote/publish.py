"""How a write becomes the catalog of an object store: objects first, the manifest last.

`pyarrow.fs` has no put with a condition. So who replaces the manifest claims it before: a writer
puts a claim, lists all claims, and goes on only if there is no other. Then it compares the manifest
with the one that its write began with, replaces it, and takes its claim away. Both stores show a
list all objects whose put has ended, so of two writers at least one sees the claim of the other. A
claim of a writer that has died is passed over after `CLAIM_SECONDS`. What remains is a writer that
is stopped for so long between its comparison and its put: it would undo what was written meanwhile.

What no manifest names goes with the next write: what a write has left that died, and what the last
one replaced, which readers may still be reading. It is listed before the manifest is replaced. Who
uploads meanwhile began with the former manifest, notices that, and uploads again.
"""

from __future__ import annotations

import contextlib
import random
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from pipeline.codes import interval_ns
from pipeline.errors import ConfigError, DataError, RingtapeError
from pipeline.market.actions import ACTIONS
from pipeline.market.catalog.commit import MANIFEST
from pipeline.market.catalog.manifest import Entry
from pipeline.market.catalog.remote.store import Listed, Store
from pipeline.market.threads import in_threads

CLAIM_SECONDS: Final = 120
"""So much older than one's own, a claim is of a writer that has died."""
_WAITS: Final = 60
"""A writer lets others go first so many times."""
_CLAIM: Final = f"{MANIFEST}.claim-"


class Upload(NamedTuple):
    """A file that is to become an object."""

    name: str
    path: Path


class Contents(NamedTuple):
    """A manifest, and the names of the objects that it needs."""

    content: bytes | None
    """Its bytes; None if there is none."""
    files: frozenset[str]


def contents(content: bytes | None, entries: Sequence[Entry]) -> Contents:
    """Return a manifest with the objects that its entries name."""
    return Contents(content, frozenset(entry.file for entry in entries))


def publish(store: Store, before: Contents, after: Contents, uploads: Sequence[Upload]) -> bool:
    """Upload objects and replace the manifest ``before`` by the one ``after``.

    Returns whether that was done: it is not if the manifest has changed since, and then the objects
    are removed again, as they are after an error. DataError if others write all the time, and what
    `Store` raises.
    """
    assert after.content is not None
    done = False
    try:
        in_threads(lambda one: store.upload(one.name, one.path), uploads)
        with contextlib.ExitStack() as stack:
            listed = _claim(store, stack)
            found = store.read(MANIFEST)
            if (None if found is None else found.content) == before.content:
                store.put(MANIFEST, after.content)
                done = True
    finally:
        if not done:
            _remove(store, [one.name for one in uploads])
    if done:
        _remove(store, [one for one in listed if _is_left(one, before, after)])
    return done


def _claim(store: Store, stack: contextlib.ExitStack) -> list[str]:
    """Claim the manifest until the stack ends; return the names of all objects but claims."""
    name = f"{_CLAIM}{secrets.token_hex(8)}"
    for _ in range(_WAITS):
        claim = stack.enter_context(contextlib.ExitStack())
        claim.callback(_remove, store, [name])
        store.put(name, b"")
        listed = store.names()
        others = [one for one in listed if one.name.startswith(_CLAIM) and one.name != name]
        dead = [one.name for one in others if _is_dead(one, listed, name)]
        if len(dead) == len(others):
            _remove(store, dead)
            return [one.name for one in listed if not one.name.startswith(_CLAIM)]
        claim.close()
        store.sleep(random.uniform(0.5, 2.5))
    raise DataError(
        f"{store.address} is being written by another process, which was waited for {_WAITS} times;"
        " import again when it has ended"
    )


def _is_dead(claim: Listed, listed: Sequence[Listed], own: str) -> bool:
    now = next((one.changed_ns for one in listed if one.name == own), None)
    if now is None or claim.changed_ns is None:
        return False
    return now - claim.changed_ns > CLAIM_SECONDS * 1_000_000_000


def _is_left(name: str, before: Contents, after: Contents) -> bool:
    """Return whether an object is one of a series that neither manifest names."""
    interval, _, file = name.partition("/")
    if name in before.files | after.files or "/" in file or not file.endswith(".parquet"):
        return False
    try:
        return interval == ACTIONS or interval_ns(interval) > 0
    except ConfigError:
        return False


def _remove(store: Store, names: Sequence[str]) -> None:
    """Remove objects. One that cannot be removed now goes with the next write."""
    for name in names:
        with contextlib.suppress(RingtapeError):
            store.delete(name)
