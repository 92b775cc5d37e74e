"""The bars of all sources, joined to one series for each symbol and interval."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from pipeline.codes import interval_ns
from pipeline.errors import DataError
from pipeline.market.catalog.account import Account, Fact
from pipeline.market.catalog.bar_columns import BarBlocks, BarColumns
from pipeline.market.catalog.merging import MergedBars, survey
from pipeline.market.importers.delimited import plain_symbol
from pipeline.market.importers.facts import Facts, facts_of, interval_of, own_interval
from pipeline.market.importers.fields import tells_actions
from pipeline.market.importers.options import Options
from pipeline.market.importers.reading import Reading
from pipeline.market.importers.rows import Kept, Rows, Spool
from pipeline.market.importers.source import Source
from pipeline.market.threads import check_stopped

_VARIOUS: Final = "various"
#: Bars that a result shows.
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Part:
    """The bars of one series that one source has. They are `BarBlocks`."""

    reading: Reading
    facts: Facts
    adjusted: Fact
    kept: tuple[Kept, ...]
    first_ts: int
    last_ts: int
    rows: int

    def blocks(self) -> Iterator[BarColumns]:
        """Yield the bars in ascending order, in blocks."""
        for rows in self.reading.spool.blocks(list(self.kept)):
            yield BarColumns(rows.wall, rows.values)


@dataclass(frozen=True, slots=True)
class SeriesBars:
    """The bars of one series, from all sources of an import."""

    symbol: str
    interval: str
    account: Account
    files: int
    groups: tuple[BarBlocks, ...]
    """Bars that follow each other; those of sources that overlap are merged."""

    def blocks(self) -> Iterator[BarColumns]:
        """Yield the bars in ascending order, in blocks."""
        for bars in self.groups:
            yield from bars.blocks()

    def first_bars(self) -> tuple[tuple[int, tuple[float, ...]], ...]:
        """Return the first bars: each with its open in ns UTC, and its prices and volume."""
        found: list[tuple[int, tuple[float, ...]]] = []
        for bars in self.blocks():
            values = np.stack(bars.values, axis=1)[:_SHOWN].tolist()
            found += zip(bars.ts[:_SHOWN].tolist(), map(tuple, values), strict=True)
            if len(found) >= _SHOWN:
                break
        return tuple(found[:_SHOWN])


def make_parts(readings: Sequence[Reading], options: Options, spool: Spool) -> list[Part]:
    """Make checked bars of the readings of one source. DataError if its rows cannot be bars."""
    if not readings:
        return []
    parts: list[Part] = []
    tally = readings[0].tally
    tally.series = len(readings)
    for reading in readings if options.sort else ():
        reading.sort()
    for said in dict.fromkeys(reading.said.interval for reading in readings):
        alike = [reading for reading in readings if reading.said.interval == said]
        try:
            interval = interval_of(alike, options)
        except DataError:
            tally.check()  # which may be why
            raise
        for reading in alike:
            own = interval if len(alike) == 1 else own_interval(reading, interval)
            part = _made(reading, facts_of(reading, own, options), options, spool)
            parts += [] if part is None else [part]
    tally.check()
    if not parts:
        left = ", ".join(f"{rows:,} {words}" for words, rows in tally.left_out().items())
        raise DataError(f"{readings[0].source.label}: no row is a bar; left out: {left}")
    return parts


def join(parts: Sequence[Part], notes: Mapping[str, str]) -> list[SeriesBars]:
    """Join the bars of each series. DataError if those of two sources contradict each other.

    ``notes`` has remarks on the sources, by their origin.
    """
    groups: dict[tuple[str, str], list[Part]] = {}
    for part in parts:
        groups.setdefault((part.reading.symbol, part.facts.interval.value), []).append(part)
    return [_series(*key, some, notes) for key, some in groups.items()]


def _made(reading: Reading, facts: Facts, options: Options, spool: Spool) -> Part | None:
    """Make the bars of a reading; None if no row is a bar."""
    kept, first, last, rows = [], None, 0, 0
    for bars in facts.making.bars(reading.blocks(), reading.tally):
        check_stopped()
        first = int(bars.ts[0]) if first is None else first
        last, rows = int(bars.ts[-1]), rows + len(bars.ts)
        kept.append(spool.keep(Rows(bars.ts, None, bars.values, bars.ts)))
    if first is None:
        return None
    adjusted = Fact(reading.said.adjusted, reading.said.ground)
    if options.adjusted not in (None, adjusted.value):
        adjusted = Fact(options.adjusted, "option")
    return Part(reading, facts, adjusted, tuple(kept), first, last, rows)


def _series(
    symbol: str, interval: str, parts: list[Part], of_origins: Mapping[str, str]
) -> SeriesBars:
    notes = _on_symbol(symbol, parts)
    trades = [part for part in parts if not part.reading.said.quote]
    if trades and len(trades) < len(parts):
        notes.append(f"Quote files left out, because there are trades: {len(parts) - len(trades)}.")
        parts = trades
    elif not trades:
        notes.append("Bars are bids, volume is 0.")
    elif not any(part.reading.volume for part in parts):
        notes.append("Volume is 0 in all bars.")
    divisors = dict.fromkeys(part.reading.divisor or 1.0 for part in parts)
    if list(divisors) != [1.0]:
        by = " and ".join(f"{divisor:g}" for divisor in divisors)
        notes.append(f"Prices are those of the file divided by {by}; --scale says otherwise.")
    notes += dict.fromkeys(note for part in parts for note in part.facts.notes)
    notes += dict.fromkeys(note for part in parts for note in part.reading.said.notes)
    origins = dict.fromkeys(part.reading.source.origin for part in parts)
    if any(
        tells_actions(left) and "dividends" not in adjusted
        for left, adjusted in {(part.reading.said.left, part.adjusted.value) for part in parts}
    ):
        notes.append("The columns of splits and dividends can be imported with --actions.")
    notes += [of_origins[origin] for origin in origins if origin in of_origins]
    ordered = tuple(sorted(parts, key=lambda part: part.first_ts))
    account = _account(ordered, notes)
    files = len({part.reading.source.label for part in parts})
    label = f"{symbol} {interval} from {account.layout}: {account.source}"
    return SeriesBars(symbol, interval, account, files, tuple(_groups(ordered, label)))


def _on_symbol(symbol: str, parts: Sequence[Part]) -> list[str]:
    """Return a remark if files of several names have one symbol, as the user wants.

    DataError if the files themselves say that they are of several symbols.
    """
    called = {one.reading.said.called: one.reading.source.label for one in parts}
    called.pop("", None)
    if len(called) > 1:
        (first, a), (second, b), *_ = called.items()
        raise DataError(
            f"{b}: the symbol is {second!r}, and {first!r} in {a}; --symbol names rows of one "
            "symbol only: leave it out, or import one symbol after the other"
        )
    given = [one.reading.source.name for one in parts if one.reading.said.symbol == "--symbol"]
    names = sorted({name for name in map(plain_symbol, given) if name})
    few = _few(names)
    return [f"Files that are called {few} have the symbol {symbol}."] if len(names) > 1 else []


def _groups(parts: Sequence[Part], label: str) -> Iterator[BarBlocks]:
    """Yield the bars of parts one after the other, those of parts that overlap merged.

    ``parts`` are in the order of their first bars. DataError if two contradict each other.
    """
    group: BarBlocks = parts[0]
    last = parts[0].last_ts
    for part in parts[1:]:
        if last < part.first_ts:
            yield group
            group = part
        else:
            found = survey(group, part)
            if found.conflicts:
                there = next(
                    one.reading.source.label
                    for one in parts
                    if one.first_ts <= found.first_at <= one.last_ts
                    and any(np.any(block.ts == found.first_at) for block in one.blocks())
                )
                raise DataError(
                    f"{label}: {part.reading.source.label}: "
                    f"{found.conflict_words(f'bars of {there}')}; leave out what is wrong, or "
                    "import files of other symbols under a --symbol of their own"
                )
            group = MergedBars(group, part)
        last = max(last, part.last_ts)
    yield group


def _account(parts: Sequence[Part], notes: list[str]) -> Account:
    said = [part.reading.said for part in parts]
    facts = [part.facts for part in parts]
    left: dict[str, int] = {}
    for tally in {id(part.reading.tally): part.reading.tally for part in parts}.values():
        for reason, count in tally.left_out().items():
            left[reason] = left.get(reason, 0) + count
        notes += [
            f"{words[0].upper()}{words[1:]}: {count:,}." for words, count in tally.changed().items()
        ]
    last = max(parts, key=lambda part: part.last_ts)
    return Account(
        source=", ".join(sorted({_named(part.reading.source) for part in parts})),
        layout="+".join(sorted({one.layout for one in said})),
        clock=_one([one.clock for one in facts]),
        stamped=_one([one.stamped for one in facts]),
        interval=_one([one.interval for one in facts]),
        adjusted=_one([part.adjusted for part in parts]),
        taken=said[0].taken if len({one.taken for one in said}) == 1 else (),
        left=tuple(dict.fromkeys(name for one in said for name in one.left)),
        rows=sum(part.rows for part in parts),
        rows_left=tuple(left.items()),
        first_ts=parts[0].first_ts,
        last_ts=last.last_ts,
        forming=_forms(last),
        notes=tuple(notes),
        times=_few(dict.fromkeys(part.reading.times for part in parts)),
        symbol_from=_few(dict.fromkeys(one.symbol for one in said)),
    )


def _named(source: Source) -> str:
    """Return the name of a source with that of its folder: many files are called AAPL.csv."""
    if source.given is not None:
        return source.origin
    return "/".join(Path(source.origin).absolute().parts[-2:]).removeprefix("//")


def _one(facts: Sequence[Fact]) -> Fact:
    """Return the fact of all sources; what differs among them is told as such."""
    different = list(dict.fromkeys(facts))
    if len(different) == 1:
        return different[0]
    guess = next((fact for fact in different if fact.ground == "guess"), different[0])
    values = _few(dict.fromkeys(fact.value for fact in different))
    return Fact(values, guess.ground, guess.option)


def _few(values: Iterable[str]) -> str:
    """Return different values in words, or that there are many."""
    some = list(values)
    return " and ".join(some) if len(some) < 4 else _VARIOUS


def _forms(part: Part) -> bool:
    """Return whether the last bar had not ended when its file was written."""
    step = interval_ns(part.facts.interval.value)
    return part.last_ts + step > part.reading.source.written_ns
