"""What `ringtape import` says of the series and the tables of actions that it has written."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pipeline.cli.catalog_text import jumps_text
from pipeline.cli.output import format_table, iso_text, paragraph, utc_texts
from pipeline.results.report.figures import first_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pipeline.market.catalog.account import Account
    from pipeline.market.importers import ImportResult
    from pipeline.market.importers.actions import ActionsResult

#: So many columns of a source are told; the manifest and --json have all.
_COLUMNS_TOLD = 8
#: The column of the bars of a series, beside what one import has done.
_ALL = "in the catalog"


def import_report(results: Sequence[ImportResult], *, dry_run: bool) -> str:
    """Return the table of series, and what was taken for true of each, in lines below it."""
    removed = ("removed",) if any(one.removed for one in results) else ()
    counts = ("files", "added", "unchanged", "replaced", *removed)
    rows = [
        (
            one.interval,
            one.symbol,
            *(f"{getattr(one, count):,}" for count in counts),
            *span,
            f"{one.rows:,}",
        )
        for one, span in zip(results, _spans(results), strict=True)
    ]
    header = ("interval", "symbol", *counts, "first", "last", _ALL)
    counts = (*counts, _ALL)
    table = format_table(header, rows, right=counts)
    told: dict[str, list[str]] = {}
    shared = _shared_notes([one.account for one in results])
    for one in results:
        line = _account_line(one.account, without=shared)
        told.setdefault(line, []).append(f"{one.symbol} {one.interval}")
    parts = [f"{first_of(names)}: {line}" for line, names in told.items()]
    parts += [f"All: {note}" for note in shared]
    parts += [
        f"{one.symbol} {one.interval}: {jumps_text(one.jumps, [one.account])}."
        for one in results
        if one.jumps.total
    ]
    parts = [table, *map(paragraph, parts)]
    if dry_run:
        parts += [_first_bars(one) for one in results]
        parts.append("Nothing was written.")
    return "\n".join(parts)


def actions_report(results: Sequence[ActionsResult], left: Sequence[str]) -> str:
    """Return the table of splits and dividends by symbol, with the notes below it.

    ``left`` says which symbols are left out.
    """
    counts = ("added", "unchanged", "replaced", "splits", "dividends")
    rows = [
        (
            one.symbol,
            *(f"{getattr(one, name):,}" for name in counts),
            *span,
        )
        for one, span in zip(results, _spans(results), strict=True)
    ]
    notes = [f"{one.symbol}: {note}" for one in results for note in one.notes]
    notes += left
    table = format_table(("symbol", *counts, "first", "last"), rows, right=counts)
    return "\n".join((table, *map(paragraph, notes)))


def _shared_notes(accounts: Sequence[Account]) -> list[str]:
    """Return the notes that are in all of several different accounts, which are told once."""
    if len({_account_line(one) for one in accounts}) < 2:
        return []
    first, *others = accounts
    return [note for note in first.notes if all(note in one.notes for one in others)]


def _account_line(account: Account, without: Collection[str] = ()) -> str:
    """Return an account in one line, `layout csv; clock UTC (a guess: --tz ...); ...`.

    Its notes follow, but for those that are told elsewhere.
    """
    columns = [
        field if field == name.lower() else f"{field} from {name}" for field, name in account.taken
    ]
    parts = [
        f"layout {account.layout}",
        f"clock {account.clock.words()}",
        f"stamped at {account.stamped.words()}",
        f"interval {account.interval.words()}",
    ]
    if account.symbol_from and "symbol" not in dict(account.taken):
        parts.append(f"symbol from {account.symbol_from}")
    if account.times:
        parts.append(f"times {account.times}")
    if columns:
        parts.append(f"columns {first_of(columns, _COLUMNS_TOLD)}")
    if account.left:
        parts.append(f"not taken: {first_of(account.left, _COLUMNS_TOLD)}")
    parts.append(f"adjusted: {account.adjusted.value}")
    if account.rows_left:
        left = ", ".join(
            f"{count:,} {reason if count > 1 else reason.replace('rows', 'row', 1)}"
            for reason, count in account.rows_left
        )
        parts.append(f"left out: {left}")
    if account.forming:
        parts.append("the last bar was still forming")
    line = "; ".join(parts)
    return " ".join((f"{line}.", *(note for note in account.notes if note not in without)))


def _first_bars(result: ImportResult) -> str:
    times = utc_texts([ts for ts, _ in result.first_bars])
    rows = [
        (time, *(f"{value:g}" for value in values))
        for time, (_, values) in zip(times, result.first_bars, strict=True)
    ]
    names = ("open", "high", "low", "close", "volume")
    table = format_table((f"{result.symbol} {result.interval}", *names), rows, right=names)
    return f"\n{table}"


def _spans(series: Sequence[ImportResult] | Sequence[ActionsResult]) -> list[tuple[str, str]]:
    """Return the first and last time of each series, as text of one form for the whole table."""
    first, last = [one.first_ts for one in series], [one.last_ts for one in series]
    texts = utc_texts([*first, *last])
    return list(zip(texts[: len(series)], texts[len(series) :], strict=True))


def with_times(one: ImportResult | ActionsResult) -> dict[str, Any]:
    """Return a result as a document, with its first and last time in ISO 8601 beside it."""
    return {**asdict(one), "first": iso_text(one.first_ts), "last": iso_text(one.last_ts)}
