"""What commands say of the series of a catalog: as a table, in lines, in full, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.cli.output import format_table, iso_text, short_text, utc_texts
from pipeline.results.report.figures import first_of, many

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.market.actions import Actions
    from pipeline.market.catalog.account import Account
    from pipeline.market.catalog.catalog import Catalog
    from pipeline.market.catalog.coverage import Gap
    from pipeline.market.catalog.manifest import Entry
    from pipeline.market.catalog.price_jumps import PriceJumps

_TOLD = 10
"""So many lines under the table are told; of more there is a count."""
_JUMPS_TOLD = 3
"""So many jumps of a series are told in a line."""
_COLUMNS_TOLD = 30
"""So many columns of a source are told; --json has all."""
_WITH_SPLITS = ("splits", "splits and dividends")
"""What prices without jumps at splits are said to be adjusted for."""


def series_table(catalog: Catalog, entries: Sequence[Entry]) -> str:
    """Return the table of the series of a catalog, at most 100 columns for usual ones."""
    header = ("interval", "symbol", "bars", "days", "first", "last", "gaps", "quality", "size")
    dates = [day_text(ts) for one in entries for ts in (one.first_ts, one.last_ts)]
    rows = [
        (
            *(entry.interval, short_text(entry.symbol), f"{entry.rows:,}"),
            "-" if entry.coverage is None else f"{entry.coverage.days:,}",
            *dates[2 * number : 2 * number + 2],
            "-" if entry.coverage is None else f"{entry.coverage.gaps:,}",
            quality_text(entry),
            size_text(catalog.size(entry)),
            clock_text(entry.accounts),
        )
        for number, entry in enumerate(entries)
    ]
    right = ("bars", "days", "gaps", "quality", "size")
    return format_table((*header, "clock"), rows, right=right)


def series_notes(catalog: Catalog, entries: Sequence[Entry]) -> list[str]:
    """Return what is too wide for the table: gaps, jumps, bars that were still forming."""
    notes = [
        f"{entry.symbol} {entry.interval}: {words}"
        for entry in entries
        for words in _notes_of(catalog, entry)
    ]
    more = len(notes) - _TOLD
    if more > 1:
        way = f"`ringtape catalog show {catalog.place} SYMBOL` has them"
        notes[_TOLD:] = [f"and {more:,} more such lines; {way}"]
    return notes


def lost_files(catalog: Catalog, entries: Sequence[Entry]) -> list[str]:
    """Return a line with the files of series that are not on disk; none if all are there."""
    lost = [entry.file for entry in entries if catalog.size(entry) is None]
    if not lost:
        return []
    be = "is" if len(lost) == 1 else "are"
    way = f"`ringtape catalog verify {catalog.place}` says the way on"
    return [f"{first_of(lost)} {be} not on disk; {way}"]


def _notes_of(catalog: Catalog, entry: Entry) -> Iterator[str]:
    if entry.coverage is not None and entry.coverage.longest_gap is not None:
        longest = gap_text(entry.coverage.longest_gap)
        yield longest if entry.coverage.gaps == 1 else f"the longest gap is of {longest}"
    jumps = catalog.jumps(entry)
    if jumps.total:
        yield jumps_text(jumps, entry.accounts)
    if entry.accounts and entry.accounts[-1].forming:
        yield "the last bar had not ended when it was imported"


def actions_table(catalog: Catalog, entries: Sequence[Entry]) -> str:
    """Return the table of the splits and dividends of a catalog."""
    counts = ("splits", "dividends")
    rows = [
        (
            *("actions", entry.symbol),
            *(f"{count:,}" for count in actions_counts(catalog.actions(entry.symbol)).values()),
            *(day_text(ts) for ts in (entry.first_ts, entry.last_ts)),
            _shortened(entry.sources),
        )
        for entry in entries
    ]
    return format_table(("", "symbol", *counts, "first", "last", "sources"), rows, right=counts)


def series_document(catalog: Catalog, entry: Entry) -> dict[str, Any]:
    """Return all that the manifest tells of a series, with its size, as JSON has it.

    Its jumps are those that no split explains.
    """
    from pipeline.market.catalog.manifest import as_document

    jumps = catalog.jumps(entry)
    return {
        **as_document(entry),
        **_times(entry),
        "bytes": catalog.size(entry),
        "jumps": {"total": jumps.total, "first": [jump._asdict() for jump in jumps.first]},
    }


def actions_document(catalog: Catalog, entry: Entry) -> dict[str, Any]:
    """Return all that the manifest tells of a table of actions, and how many it has."""
    from pipeline.market.catalog.manifest import as_document

    counts = actions_counts(catalog.actions(entry.symbol))
    return {**as_document(entry), **_times(entry), **counts}


def actions_counts(actions: Actions) -> dict[str, int]:
    """Return the number of splits and of dividends."""
    splits, dividends = actions.split != 1.0, actions.dividend != 0.0
    return {"splits": int(splits.sum()), "dividends": int(dividends.sum())}


def _actions_text(actions: Actions) -> Iterator[str]:
    """Yield each split and dividend with its ex-date."""
    for ts, split, dividend in _rows_of(actions):
        if split != 1.0:
            yield f"split     {day_text(ts)}  {split:g} new shares per old share"
        if dividend != 0.0:
            yield f"dividend  {day_text(ts)}  {dividend:g} per share"


def _rows_of(actions: Actions) -> Iterator[tuple[int, float, float]]:
    columns = (actions.ts, actions.split, actions.dividend)
    yield from zip(*(column.tolist() for column in columns), strict=True)


def full_document(catalog: Catalog, entry: Entry) -> dict[str, Any]:
    """Return all that is known of a series or of a table of actions, as JSON has it."""
    from pipeline.market.actions import ACTIONS

    if entry.interval == ACTIONS:
        rows = [
            {"date": day_text(ts), "split": split, "dividend": dividend}
            for ts, split, dividend in _rows_of(catalog.actions(entry.symbol))
        ]
        return {**actions_document(catalog, entry), "table": rows}
    gaps = [gap._asdict() for gap in _gaps_in(catalog, entry)]
    return {**series_document(catalog, entry), "gaps": gaps}


def full_lines(catalog: Catalog, entry: Entry) -> list[str]:
    """Return all that is known of a series or of a table of actions, a fact a line."""
    from pipeline.market.actions import ACTIONS

    first, last = utc_texts([entry.first_ts, entry.last_ts])
    lines = [f"{entry.symbol} {entry.interval}"]
    if entry.interval == ACTIONS:
        counts = actions_counts(catalog.actions(entry.symbol))
        lines += [f"  {name:<9} {count:,}" for name, count in counts.items()]
        lines += [f"  from      {first} to {last}", *_file_lines(catalog, entry)]
        return lines + [f"  {row}" for row in _actions_text(catalog.actions(entry.symbol))]
    days = "" if entry.coverage is None else f" on {many(entry.coverage.days, 'day')}"
    lines += [f"  bars      {entry.rows:,}{days}", f"  from      {first} to {last}"]
    lines += [f"  week      {entry.week or 'not known'}", f"  quality   {quality_text(entry)}"]
    lines += _file_lines(catalog, entry)
    lines += [f"  gap       {gap_text(gap)}" for gap in _gaps_in(catalog, entry)]
    jumps = catalog.jumps(entry)
    lines += [f"  jump      {jump.words()}" for jump in jumps.first]
    if more := jumps.total - len(jumps.first):
        lines.append(f"  jump      and {more:,} more")
    for account in entry.accounts:
        lines.append(f"  import    {account.source}")
        lines += [f"    {line}" for line in account_lines(account)]
    if entry.without_account is not None:
        begin, end = map(day_text, entry.without_account)
        lines.append(f"  import    without an account, of bars from {begin} to {end}")
    return lines


def _file_lines(catalog: Catalog, entry: Entry) -> list[str]:
    lines = [f"  file      {entry.file}, {size_text(catalog.size(entry))}"]
    lines.append(f"  hash      {entry.sha256}")
    return lines + [f"  source    {source}" for source in entry.sources]


def _gaps_in(catalog: Catalog, entry: Entry) -> list[Gap]:
    """Read the times of a series, block by block, and return all its gaps."""
    from pipeline.market.catalog.coverage import all_gaps
    from pipeline.market.catalog.day_tally import DayTally

    tally = DayTally()
    with catalog.reader(entry.symbol, entry.interval, columns=()) as reader:
        while (block := reader.next_block()) is not None:
            tally.look_at(block[0])
    return all_gaps(tally.days.number, entry.week)


def account_lines(account: Account) -> list[str]:
    """Return what an import took for true, a fact a line."""
    lines = [f"layout    {account.layout}"]
    facts = ("clock", "stamped", "interval", "adjusted")
    lines += [f"{name:<9} {getattr(account, name).words()}" for name in facts]
    if account.symbol_from:
        lines.append(f"symbol    from {account.symbol_from}")
    if account.times:
        lines.append(f"times     {account.times}")
    taken = [f"{ours} from {theirs}" for ours, theirs in account.taken]
    lines.append(f"columns   {first_of(taken, _COLUMNS_TOLD) or 'not known'}")
    if account.left:
        lines.append(f"not taken {first_of(account.left, _COLUMNS_TOLD)}")
    first, last = utc_texts([account.first_ts, account.last_ts])
    lines.append(f"bars      {account.rows:,} from {first} to {last}")
    lines += [f"left out  {count:,} {reason}" for reason, count in account.rows_left]
    if account.forming:
        lines.append("forming   the last bar had not ended")
    return lines + [f"note      {note}" for note in account.notes]


def gap_text(gap: Gap) -> str:
    """Return a gap as text: ``913 days without bars after 2011-06-02``."""
    return f"{many(gap.days, 'day')} without bars after {day_text(gap.after)}"


def jumps_text(jumps: PriceJumps, accounts: Sequence[Account]) -> str:
    """Return the jumps of a series in one line, with the first ones and what they may be.

    ``accounts`` are those of imports into the series, the latest last.
    """
    told = [jump.words() for jump in jumps.first[:_JUMPS_TOLD]]
    more = jumps.total - len(told)
    said = _adjusted_at(jumps, accounts)
    if any(jump.is_unit_step for jump in jumps.first):
        why = "if its unit changed (pence, pounds)"
    elif said:
        denied = f"though its prices are said to be adjusted for {said}"
        why = f"at a split ({denied}), or a real move"
    else:
        why = "at a split that is not in the catalog, or a real move"
    return f"price jumps as {why}: {', '.join(told)}{f' and {more:,} more' if more else ''}"


def _adjusted_at(jumps: PriceJumps, accounts: Sequence[Account]) -> str:
    """Return what prices that jump are said to be adjusted for; "" if splits are not in it.

    Of accounts whose bars lie around a jump, the latest tells of it.
    """
    for jump in jumps.first:
        around = [one for one in accounts if one.first_ts <= jump.ts <= one.last_ts]
        if around and around[-1].adjusted.value in _WITH_SPLITS:
            return around[-1].adjusted.value
    return ""


def clock_text(accounts: Sequence[Account]) -> str:
    """Return the clock of the sources in short: ``New_York``, or ``UTC?`` if it is a guess."""
    clocks = dict.fromkeys(
        _short_clock(one.clock.value) + ("?" if one.clock.ground == "guess" else "")
        for one in accounts
    )
    return ("+".join(clocks) or "-") if len(clocks) < 3 else f"{len(clocks)} clocks"


def _short_clock(clock: str) -> str:
    """Return a zone without its area, but for fixed ones: Etc/GMT+5 is not GMT+5."""
    if " and " in clock:
        return "offsets"
    return clock if clock.startswith("Etc/") else clock.rpartition("/")[2]


def quality_text(entry: Entry) -> str:
    """Return the quality of a series in per cent, `-` if it is not known."""
    quality = None if entry.coverage is None else entry.coverage.quality
    return "-" if quality is None else f"{quality:.1f} %"


def size_text(size: int | None) -> str:
    """Return so many bytes as text, `-` if there is no file."""
    if size is None:
        return "-"
    return f"{size / 2**20:,.1f} MiB" if size >= 2**20 else f"{size / 2**10:,.1f} KiB"


def day_text(ts: int) -> str:
    """Return the date of an instant, ns UTC."""
    return iso_text(ts)[:10]


def _times(entry: Entry) -> dict[str, str]:
    return {"first": iso_text(entry.first_ts), "last": iso_text(entry.last_ts)}


def _shortened(sources: tuple[str, ...]) -> str:
    more = f" and {len(sources) - 1:,} more" if len(sources) > 1 else ""
    return sources[0] + more if sources else ""
