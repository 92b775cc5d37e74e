"""What is done to whole series of a catalog: removed, renamed, verified."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pipeline.codes import DAY_NS, interval_name, interval_ns
from pipeline.errors import ConfigError, DataError
from pipeline.market.actions import ACTIONS, write_actions
from pipeline.market.catalog.bar_file import write_bars
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.commit import Change, Edit
from pipeline.market.catalog.manifest import Entry, Key, not_found
from pipeline.market.catalog.merge import StoredBars, bar_file_of, check_case


def find_series(catalog: Catalog, text: str) -> list[Key]:
    """Return the keys of what ``SYMBOL`` or ``SYMBOL:INTERVAL`` names, by length of interval.

    SYMBOL alone is all that a symbol has, with its splits and dividends as the last; they alone
    have the interval "actions". A symbol that has a colon and is in the catalog is meant before a
    symbol with an interval. DataError, with the nearest ones, if there is no such series.
    """
    known = catalog.manifest()
    found = [key for key in known if key[1] == text]
    symbol, colon, interval = text.rpartition(":")
    if not found and colon:
        name = _interval(interval)
        if name is not None and any(key[1] == symbol for key in known):
            if (name, symbol) in known:
                return [(name, symbol)]
            if name != ACTIONS:
                catalog.entry(symbol, name)  # refuses it
            raise DataError(f"{symbol} has no splits or dividends in {catalog.place}")
        if name is not None:
            text = symbol
    if not found:
        bars = {key: entry for key, entry in known.items() if key[0] != ACTIONS}
        raise DataError(not_found(catalog.place, bars, text, None))
    return sorted(found, key=_order)


def _order(key: Key) -> tuple[int, str]:
    """Sort by length of interval, then symbol; actions come last."""
    return (DAY_NS + 1 if key[0] == ACTIONS else interval_ns(key[0])), key[1]


def _interval(text: str) -> str | None:
    """Return an interval in its shortest form; None if the text is none."""
    if text == ACTIONS:
        return text
    try:
        return interval_name(interval_ns(text))
    except ConfigError:
        return None


def remove_series(catalog: Catalog, keys: Sequence[Key]) -> list[Entry]:
    """Remove series and tables of actions, all or none; return their entries.

    DataError if one of them is not there.
    """
    removed: list[Entry] = []

    def make(known: dict[Key, Entry]) -> Edit:
        removed.clear()
        for interval, symbol in keys:
            if (interval, symbol) not in known:
                raise DataError(f"{symbol} at {interval} is not in {catalog.place} any more")
            removed.append(known[interval, symbol])
        return Edit(removed=list(keys))

    catalog.edit(make)
    return removed


def rename_symbol(catalog: Catalog, old: str, new: str) -> list[Entry]:
    """Give all that a symbol has another symbol; return the new entries.

    Files name their symbol, so they are written anew, block by block. DataError if there is no
    symbol ``old``, if there is one ``new``, if both are the same, or if it is impossible.
    """
    catalog.manifest()  # refuses a folder that is no catalog
    written: list[Entry] = []

    def make(known: dict[Key, Entry]) -> Edit:
        entries = [known[key] for key in sorted(known, key=_order) if key[1] == old]
        if not entries:
            bars = {key: entry for key, entry in known.items() if key[0] != ACTIONS}
            raise DataError(not_found(catalog.place, bars, old, None))
        if new == old:
            raise DataError(f"the old and the new symbol are the same, {old}: nothing to rename")
        there = [key[0] for key in sorted(known, key=_order) if key[1] == new]
        if there:
            raise DataError(
                f"{new} is in {catalog.place} at {', '.join(there)}; remove it first: `ringtape "
                f"catalog remove {catalog.place} {new}`"
            )
        others = [key for key in known if key[1] != old]
        changes = []
        written.clear()
        for entry in entries:
            check_case(new, entry.interval, others)
            renamed = dataclasses.replace(entry, symbol=new, file=bar_file_of(new, entry.interval))
            written.append(renamed)
            changes.append(Change(renamed.file, partial(_copy, catalog, entry, renamed)))
        return Edit(changes=changes, removed=[(entry.interval, old) for entry in entries])

    catalog.edit(make)
    return written


def _copy(catalog: Catalog, entry: Entry, renamed: Entry, path: Path) -> Entry:
    """Write the content of a series to a new file of another symbol."""
    if entry.interval == ACTIONS:
        with path.open("wb") as sink:
            write_actions(catalog.actions(entry.symbol), sink, symbol=renamed.symbol)
        return renamed
    bars = StoredBars(partial(catalog.reader, entry.symbol, entry.interval))
    write_bars(bars.blocks(), path, symbol=renamed.symbol, interval=renamed.interval)
    return renamed


class Finding(NamedTuple):
    """A file that is not as it should be."""

    file: str
    """Its path in the catalog."""
    fault: str
    """``damaged``, ``missing`` or ``surplus``."""
    words: str
    """What is wrong, and the way on."""


def verify(
    catalog: Catalog, series: Sequence[str], told: Callable[[Entry, int, int], None]
) -> list[Finding]:
    """Compare the files of some series, or of all without any, with the hashes of the manifest.

    ``series`` are as `find_series` takes them. Every file is read whole. ``told`` is called before
    each file with its entry, its number from 1 and how many there are. Surplus files are looked for
    if all series are meant. DataError for a series that is not there.
    """
    known = catalog.manifest()
    keys = list(dict.fromkeys(key for text in series for key in find_series(catalog, text)))
    keys = keys or sorted(known, key=_order)
    entries = [known[key] for key in keys]
    findings = []
    for number, entry in enumerate(entries, start=1):
        told(entry, number, len(entries))
        if (words := _fault(catalog, entry)) is not None:
            fault = "missing" if catalog.size(entry) is None else "damaged"
            findings.append(Finding(entry.file, fault, words))
    return findings if series else findings + _surplus(catalog)


def _fault(catalog: Catalog, entry: Entry) -> str | None:
    """Say what is wrong with the file of an entry; None if nothing is, or if it has changed."""
    try:
        catalog.fetch(entry, anew=True)
        if entry.interval == ACTIONS:
            catalog.actions(entry.symbol)
        else:
            catalog.verify(entry, anew=True)
            catalog.reader(entry.symbol, entry.interval).close()
    except DataError as error:
        unchanged = catalog.manifest().get((entry.interval, entry.symbol)) == entry
        return str(error) if unchanged else None
    return None


def _surplus(catalog: Catalog) -> list[Finding]:
    """Find files that look like those of the catalog and are not in its manifest."""
    known = {entry.file for entry in catalog.manifest().values()}
    found = []
    for path in sorted(catalog.path.glob("*/*.parquet")):
        file = path.relative_to(catalog.path).as_posix()
        if _interval(path.parent.name) is not None and file not in known:
            words = f"{path} is of no series in the manifest; import it, or delete it"
            found.append(Finding(file, "surplus", words))
    return found
