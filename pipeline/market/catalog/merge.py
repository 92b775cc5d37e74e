"""What a write changes: how new rows change a series or a table of actions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa

from pipeline.codes import HOUR_NS, VOLUME, interval_name, interval_ns
from pipeline.errors import DataError
from pipeline.market.actions import ACTIONS, Actions, merge_actions, write_actions
from pipeline.market.bar_rules import BarCheck, iso_time
from pipeline.market.catalog.account import Account
from pipeline.market.catalog.bar_columns import BarBlocks, BarColumns, TableBars
from pipeline.market.catalog.bar_file import BarReader, write_bars
from pipeline.market.catalog.commit import Change, Edit
from pipeline.market.catalog.coverage import coverage
from pipeline.market.catalog.day_tally import DayTally
from pipeline.market.catalog.manifest import Entry, Key, file_name
from pipeline.market.catalog.merging import MergedBars, Span, Survey, survey
from pipeline.market.catalog.past import Past
from pipeline.market.catalog.price_jumps import JumpScan
from pipeline.market.catalog.trading_week import trading_week
from pipeline.market.catalog.twins import FARTHEST, Sample, find_twins
from pipeline.market.threads import check_stopped


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The outcome of a write for one series, in rows."""

    added: int
    """Rows that were not there before."""
    unchanged: int
    """Rows that were there with equal values."""
    replaced: int
    """Rows that were there with other values."""
    rows: int
    """Rows of the series after the write."""
    removed: int = 0
    """Rows that are not there any more."""


@dataclass(frozen=True, slots=True)
class How:
    """What a write may do to the bars that are there; `catalog.Catalog.write_all` explains it."""

    replace: bool = False
    """Bars of other values are replaced."""
    replace_source: bool = False
    """So they are, and those that the source stored before and does not have any more go."""
    overwrite: bool = False
    """All bars that are not among the new ones go."""

    @property
    def replaces(self) -> bool:
        """Whether bars of other values are replaced in any way."""
        return self.replace or self.replace_source or self.overwrite


class Series(NamedTuple):
    """Bars to write into one series."""

    symbol: str
    """The symbol."""
    interval: str
    """The interval, in its shortest form: "1h", not "60m"."""
    bars: BarBlocks | pa.Table
    """The bars, sorted by `ts`: in blocks, or a table with columns `ts` (ns UTC) and the five
    prices."""
    source: str
    """Origin of the bars, for the manifest and for messages."""
    account: Account | None = None
    """What the import took for true, which the manifest keeps."""

    @property
    def label(self) -> str:
        """Name the series and its source in messages."""
        return f"{self.symbol} {self.interval} from {self.source}"


NO_OTHER_CLOCK: Final = 16 * HOUR_NS
"""So far apart are two bars that no usual pair of clocks explains."""

Merged = tuple[WriteResult, Change | None]
"""The outcome of a merge, and the change to commit; None if nothing changes."""


def check_name(item: Series) -> None:
    """Raise DataError if a series to write has an impossible symbol or interval."""
    if item.interval != interval_name(interval_ns(item.interval)):
        raise DataError(
            f"{item.label}: interval must be written {interval_name(interval_ns(item.interval))}"
        )
    file_name(item.symbol)


def check_case(symbol: str, interval: str, keys: Iterable[Key]) -> None:
    """Refuse a symbol that differs only in case from another: some systems give both one file."""
    for other_interval, other in keys:
        if other_interval == interval and other != symbol and other.lower() == symbol.lower():
            raise DataError(
                f"symbol {symbol!r} differs only in case from {other!r}, which is in the catalog "
                f"at {interval}; import it under that name or another"
            )


@dataclass(frozen=True, slots=True)
class StoredBars:
    """The bars of a series in the catalog. They are `BarBlocks`."""

    open: Callable[..., BarReader]
    """Opens the series at its first bar, or those of a range `BarReader` takes as keywords."""

    def between(self, first: int, last: int) -> StoredBars:
        """Return the bars that open from ``first`` to ``last``, ns UTC."""
        return StoredBars(partial(self.open, start_ns=first, end_ns=last + 1))

    def blocks(self) -> Iterator[BarColumns]:
        """Yield a row group after the other. DataError if the file is damaged."""
        with self.open() as reader:
            while (block := reader.next_block()) is not None:
                yield BarColumns(*block)


@dataclass(frozen=True, slots=True)
class _CheckedBars:
    """The bars of a series to write, each of which is checked. They are `BarBlocks`."""

    item: Series

    def blocks(self) -> Iterator[BarColumns]:
        """Yield the bars. DataError if there are none, and for the first one that is impossible."""
        item = self.item
        bars = TableBars(item.bars) if isinstance(item.bars, pa.Table) else item.bars
        check = BarCheck(item.symbol, item.interval)
        for block in _read(bars, item):
            if len(block.ts) == 0:
                continue
            try:
                check.look_at(block.ts, block.values)
            except DataError as error:
                raise DataError(f"{item.source}: {error}") from None
            values = list(block.values)
            values[VOLUME] = values[VOLUME] + 0.0  # -0.0 becomes 0.0: equal values, equal bytes
            yield BarColumns(block.ts, tuple(values))
        if check.rows == 0:
            raise DataError(f"{item.label}: there are no bars")


def _read(bars: BarBlocks, item: Series) -> Iterator[BarColumns]:
    try:
        yield from bars.blocks()
    except DataError as error:
        raise DataError(f"{item.label}: {error}") from None
    except OSError as error:
        told = error.strerror or error
        raise DataError(f"{item.label}: the bars cannot be read: {told}") from error


class SeriesWrite:
    """The write of one series: what it comes to, and what it changes in the catalog."""

    def __init__(
        self,
        item: Series,
        entry: Entry | None,
        old: StoredBars | None,
        how: How,
    ) -> None:
        """Compare the new bars with those of the series, block by block. No file is touched.

        ``entry`` and ``old`` are the entry and the bars of the series, or None if there are none.
        DataError for a conflict. Where there are no old bars, the new ones are read when they are
        written.
        """
        self._item = item
        self._entry = entry
        self._bars: BarBlocks = _CheckedBars(item)
        self._sources = {item.source}
        self._survey: Survey | None = None
        self._going: Span | None = None
        self._anew = old is None or how.overwrite
        self._rows = 0
        self._changes = True
        if entry is None or old is None:
            return
        past = Past.of(entry, item.account)
        otherwise = past.otherwise
        if otherwise and not how.replaces:
            raise DataError(
                f"{item.label}: it was imported before {otherwise}; --replace takes the new bars "
                "in place of all that it gave then"
            )
        replaces_source = how.replace_source or bool(how.replace and otherwise)
        self._going = going = past.span if replaces_source else None
        sample = Sample(entry.first_ts, entry.last_ts + FARTHEST)
        self._survey = found = survey(
            *(old, self._bars),
            free=past.forming,
            going=going,
            strangers=past.strangers(),
            sample=sample,
        )
        if not how.overwrite and going is None:
            self._refuse_twins(old, sample.bars(), past)
        if going is not None and not how.replace_source:
            self._refuse_other_days(found, past, otherwise)
        self._refuse(found, how, past)
        if how.overwrite:
            self._rows = found.new
            self._changes = entry.sources != (item.source,)
        else:
            self._rows = found.old + found.added - found.gone
            self._changes = found.gone > 0
            self._bars = MergedBars(old, self._bars, going)
            self._sources |= set(entry.sources)
        self._changes |= found.added > 0 or found.replaced > 0 or self._rows != found.old

    def _refuse_twins(self, old: StoredBars, sample: BarColumns, past: Past) -> None:
        """Raise DataError if new bars of a sample are there already, earlier or later."""
        if not len(sample.ts):
            return
        around = int(sample.ts[0]) - FARTHEST, int(sample.ts[-1]) + FARTHEST
        twins = find_twins(old.between(*around), sample)
        if twins is not None:
            raise DataError(
                f"{self._item.label}: {twins.words()}, among {past.bars_at(twins.ts)}. One of the "
                "two imports has a wrong clock, or another end of its bars; --replace series "
                "takes the new bars in place of all"
            )

    def _refuse_other_days(self, found: Survey, past: Past, otherwise: str) -> None:
        """Raise DataError if bars that are to go do not lie where the new ones do.

        Then another clock does not explain why the new ones are at other times.
        """
        span = past.span
        if span is None:
            return
        later, earlier = found.first_new - span.first, span.last - found.last_new
        if max(later, earlier) > NO_OTHER_CLOCK:
            raise DataError(
                f"{self._item.label}: it was imported before {otherwise}, and gave bars of other "
                f"days then ({iso_time(span.first)} to {iso_time(span.last)}): if both are one "
                "source, --replace source takes the new bars in place of all that it gave; if "
                "not, give the file or its folder another name"
            )

    def _refuse(self, found: Survey, how: How, past: Past) -> None:
        """Raise DataError if the old bars may not be treated so."""
        label = self._item.label
        other = past.adjusted_otherwise()
        if found.replaced and other is not None and not (how.replace_source or how.overwrite):
            raise DataError(
                f"{label}: {found.replaced:,} bars differ from those there, and prices are not "
                f"adjusted alike ({other.adjusted.value} of {other.source}, "
                f"{past.adjusted} of these): --replace series takes the new bars in place of all"
            )
        if found.conflicts and not how.replaces:
            words = found.conflict_words(past.bars_at(found.first_at))
            raise DataError(f"{label}: {words}; --replace takes the new ones")
        if found.foreign and not how.overwrite:
            raise DataError(
                f"{label}: {found.foreign:,} of the {found.gone:,} bars that this source stored "
                f"before and does not have any more may be of {found.owner}: --replace series "
                "takes the new bars in place of all; import other sources again then"
            )

    def add_to(self, edit: Edit) -> None:
        """Add to ``edit`` what changes, which may be nothing."""
        if self._changes:
            file = bar_file_of(self._item.symbol, self._item.interval)
            edit.changes.append(Change(file, self._write))
        elif self._entry is not None and self._survey is not None and self._item.account:
            new = Span(self._survey.first_new, self._survey.last_new)
            told = replace(self._entry, **self._accounts(new))
            edit.told += [] if told == self._entry else [told]

    @property
    def result(self) -> WriteResult:
        """The outcome, when the change is committed."""
        found = self._survey
        if found is None:
            return WriteResult(self._rows, 0, 0, self._rows)
        return WriteResult(
            added=found.added,
            unchanged=found.known - found.replaced,
            replaced=found.replaced,
            rows=self._rows,
            removed=found.old + found.added - self._rows,
        )

    def expected(self) -> WriteResult:
        """Return the outcome that the write would have; the new bars are gone through."""
        if self._survey is None:
            self._rows = sum(len(block.ts) for block in self._bars.blocks())
        return self.result

    def _accounts(self, new: Span) -> dict[str, Any]:
        """Return the fields of the entry that tell of imports; ``new`` is where its bars lie."""
        past = Past.of(None if self._anew else self._entry, self._item.account)
        found = self._survey
        all_known = found is None or found.known == found.old - found.gone
        went = self._going is not None
        accounts, unaccounted = past.after(new, all_known=all_known, went=went)
        return {"accounts": accounts, "unaccounted": unaccounted}

    def _write(self, path: Path) -> Entry:
        """Write the bars, which are gone through once, and gather what the manifest tells."""
        symbol, interval = self._item.symbol, self._item.interval
        tally, scan = DayTally(), JumpScan()

        def counted() -> Iterator[BarColumns]:
            for block in self._bars.blocks():
                check_stopped()
                tally.look_at(block.ts)
                scan.look_at(block)
                yield block

        sha256 = write_bars(counted(), path, symbol=symbol, interval=interval)
        self._rows = tally.rows
        week = trading_week(tally, interval)
        found = self._survey
        new = Span(tally.first_ts, tally.last_ts)
        if found is not None:
            new = Span(found.first_new, found.last_new)
        return Entry(
            symbol=symbol,
            interval=interval,
            rows=tally.rows,
            first_ts=tally.first_ts,
            last_ts=tally.last_ts,
            sources=tuple(sorted(self._sources)),
            sha256=sha256,
            file=bar_file_of(symbol, interval),
            week=week,
            coverage=coverage(tally, week),
            jumps=scan.found,
            **self._accounts(new),
        )


def bar_file_of(symbol: str, interval: str) -> str:
    """Return the path of a series' file, or of a table of actions, relative to the catalog."""
    return f"{interval}/{file_name(symbol)}"


def merge_table(
    symbol: str, new: Actions, entry: Entry | None, old: Actions, source: str, *, replace: bool
) -> Merged:
    """Merge new actions into the table of a symbol.

    ``entry`` is the entry of the table, or None if there is none; ``old`` are its actions. Raises
    DataError for a conflict, unless `replace` is set.
    """
    try:
        merged, added, replaced = merge_actions(old, new, replace=replace)
    except DataError as error:
        raise DataError(f"{symbol} from {source}: {error}") from None
    result = WriteResult(added, len(new.ts) - added - replaced, replaced, len(merged.ts))
    if not added and not replaced:
        return result, None
    found = Entry(
        symbol=symbol,
        interval=ACTIONS,
        rows=len(merged.ts),
        first_ts=int(merged.ts[0]),
        last_ts=int(merged.ts[-1]),
        sources=tuple(sorted({source, *(entry.sources if entry is not None else ())})),
        sha256=merged.content_hash(),
        file=bar_file_of(symbol, ACTIONS),
    )

    def write(path: Path) -> Entry:
        with path.open("wb") as sink:
            write_actions(merged, sink, symbol=symbol)
        return found

    return result, Change(found.file, write)
