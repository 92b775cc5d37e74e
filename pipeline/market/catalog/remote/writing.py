"""A write to a catalog on an object store: made here in full, then published."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipeline.errors import DataError
from pipeline.market.catalog.commit import Change, Edit
from pipeline.market.catalog.home import Make
from pipeline.market.catalog.lock import catalog_lock
from pipeline.market.catalog.manifest import Entry, Key, manifest_bytes
from pipeline.market.catalog.remote.publish import Upload, contents, publish
from pipeline.market.threads import in_threads

if TYPE_CHECKING:
    from pipeline.market.catalog.remote.mirror import Mirror

BEGINNINGS: Final = 4
"""Times that a write begins, because another one has changed the catalog meanwhile."""


def write(mirror: Mirror, make: Make) -> list[Entry]:
    """Write what ``make`` returns for the entries of a catalog; return the entries of new files.

    Writers of this machine wait for each other. One elsewhere may be quicker: then ``make`` is
    called again for what that one has written. DataError if that happens all the time, or if it
    cannot be written; then the catalog is as it was.
    """
    with _room(mirror) as room:
        for number in range(BEGINNINGS):
            before = mirror.read_again()
            origin = {} if before is None else mirror.origin()
            place = room / str(number)
            try:
                edit = make(dict(mirror.manifest()) if before is not None else {})
                changed = in_threads(partial(_written, place), edit.changes)
            except DataError:
                if mirror.read_again() == before:
                    raise
                continue  # what it read may be gone
            if not edit:
                return []
            entries = _entries(origin, edit, changed)
            after = manifest_bytes(entries)
            uploads = [Upload(one.file, place / one.file) for one in changed]
            if publish(
                mirror.store,
                contents(before, list(origin.values())),
                contents(after, list(entries.values())),
                uploads,
            ):
                return _taken(mirror, after, changed, place)
    raise DataError(
        f"{mirror.place} was written by others {BEGINNINGS} times while this write was at work; it "
        "is as they left it; import again when they have ended"
    )


@contextlib.contextmanager
def _room(mirror: Mirror) -> Iterator[Path]:
    """Yield a folder for what is written; nobody else on this machine writes meanwhile."""
    home = mirror.base / "writing"
    try:
        home.mkdir(exist_ok=True)
        with catalog_lock(home):
            for left in home.iterdir():  # by a write that was killed
                if left.is_dir():
                    shutil.rmtree(left, ignore_errors=True)
            room = home / secrets.token_hex(8)
            room.mkdir()
            try:
                yield room
            finally:
                shutil.rmtree(room, ignore_errors=True)
    except OSError as error:
        raise DataError(
            f"cannot make the files of {mirror.place} in {home}: {error.strerror or error}; "
            "it is unchanged"
        ) from error


def _written(place: Path, change: Change) -> Entry:
    """Write a change to a file of a name that nobody has used; return its entry."""
    name = f"{change.file.removesuffix('.parquet')}.{secrets.token_hex(8)}.parquet"
    path = place / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return replace(change.write(path), file=name)


def _entries(origin: dict[Key, Entry], edit: Edit, changed: list[Entry]) -> dict[Key, Entry]:
    """Return the entries after an edit, with files as the store has them."""
    removed = set(edit.removed)
    entries = {key: entry for key, entry in origin.items() if key not in removed}
    for one in edit.told:
        key = one.interval, one.symbol
        entries[key] = replace(one, file=origin[key].file)
    return entries | {(one.interval, one.symbol): one for one in changed}


def _taken(mirror: Mirror, after: bytes, changed: list[Entry], place: Path) -> list[Entry]:
    """Go on with what was published, whose new files need not be downloaded; return their entries.

    They are those of the mirror.
    """
    mirror.take(after)
    known = mirror.manifest()
    found = []
    for one in changed:
        entry = known[one.interval, one.symbol]
        mirror.keep(entry, place / one.file)
        found.append(entry)
    return found
