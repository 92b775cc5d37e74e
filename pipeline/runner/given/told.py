"""What an import of given data took for true, in the words of a summary."""

from collections.abc import Sequence
from typing import Final

from pipeline.market.given.catalog import GivenSeries
from pipeline.market.importers.option_words import in_python
from pipeline.market.importers.symbols import NAMELESS
from pipeline.results.report.figures import first_of

#: So many remarks on the data are told.
_NOTES: Final = 5


def symbols_told(series: Sequence[GivenSeries]) -> str:
    """Return the symbols, and from where they come."""
    symbols = first_of([one.symbol for one in series])
    account = series[0].account
    if account is None or account.symbol_from.startswith("--"):
        return symbols
    if account.symbol_from == NAMELESS:
        return f"{symbols} (there is no symbol in the data: symbol names it)"
    return f"{symbols} (from {account.symbol_from})"


def accounts_told(series: Sequence[GivenSeries], *, by_command: bool) -> dict[str, str]:
    """Return what the import took for true and no file says, and what it left out.

    Options are named as a command has them, or else as arguments.
    """
    words = str if by_command else in_python
    accounts = [one.account for one in series if one.account is not None]
    found: dict[str, str] = {}
    for label, facts in (
        ("times", [one.clock for one in accounts]),
        ("stamps", [one.stamped for one in accounts]),
    ):
        doubtful = [one for one in facts if one.ground in ("guess", "layout", "rows")]
        if doubtful and (label == "times" or doubtful[0].ground == "guess"):
            found[label] = words(doubtful[0].words())
    left: dict[str, int] = {}
    for account in accounts:
        for reason, rows in account.rows_left:
            left[reason] = left.get(reason, 0) + rows
    if left:
        found["left out"] = ", ".join(
            f"{rows:,} {reason if rows > 1 else reason.replace('rows', 'row', 1)}"
            for reason, rows in left.items()
        )
    notes = dict.fromkeys(note for account in accounts for note in account.notes)
    if notes:
        found["data"] = words(" ".join(list(notes)[:_NOTES]))
    return found
