"""The check of actions against what the imports of the bars said that these are adjusted for.

A dividend for which prices are adjusted would be paid again, and so would a split be booked again.
Prices show a large split (`split_check`), but no dividend and no small split: of these only an
import can tell, by the account that it left in the catalog::

    ---- bars of one import ---- | ex-date ... bars
         its account tells         the prices before the ex-date are those that are adjusted

All intervals of a symbol are looked at, since a run may take the bars of any.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

from pipeline.codes import DAY_NS
from pipeline.errors import DataError
from pipeline.market.actions import Actions, iso_date
from pipeline.market.catalog.account import Account
from pipeline.market.catalog.manifest import Entry

_NEAR: Final = 10 * DAY_NS
"""An import whose bars end so long before an ex-date, or longer, tells nothing of it."""
_WITHOUT_DIVIDENDS: Final = ("no", "splits")
"""What accounts say of bars that are not adjusted for dividends."""


class AdjustedBars(NamedTuple):
    """The bars before an ex-date, which an import said to be adjusted."""

    interval: str
    """Their interval."""
    account: Account
    """The account of the import."""

    def words(self) -> str:
        """Return what was said, and by which import."""
        return (
            f"the {self.interval} bars are adjusted for {self.account.adjusted.value}, says the "
            f"import of {self.account.source} (layout {self.account.layout})"
        )


def adjusted_bars(
    entries: Sequence[Entry], at: int, what: Literal["splits", "dividends"]
) -> AdjustedBars | None:
    """Return the first bars before an ex-date that are said to be adjusted so; None without any.

    ``entries`` are the series of one symbol. One without bars on both sides is left out, because
    the action has no effect on it.
    """
    for entry, account in _around(entries, at):
        if account is not None and what in account.adjusted.value:
            return AdjustedBars(entry.interval, account)
    return None


def check_dividends(entries: Sequence[Entry], symbol: str, actions: Actions) -> None:
    """Raise DataError, with the first, for dividends for which bars are said to be adjusted."""
    first: tuple[AdjustedBars, str] | None = None
    count = 0
    for at, dividend in _dividends(actions):
        found = adjusted_bars(entries, at, "dividends")
        if found is None:
            continue
        count += 1
        first = first or (found, f"{dividend:g} on {iso_date(at)}")
    if first is None:
        return
    bars, told = first
    those = f"the dividend of {told} is"
    if count > 1:
        those = f"{count:,} dividends, the first of {told}, are"
    raise DataError(
        f"{symbol}: {bars.words()}, so {those} in their prices already; import unadjusted prices "
        "with --replace (of yfinance: auto_adjust=False), or leave dividends out"
    )


def dividends_are_known(entries: Sequence[Entry], actions: Actions) -> bool:
    """Return whether imports said of all bars before dividends if they are adjusted for them."""
    return all(
        account is not None and account.adjusted.value in _WITHOUT_DIVIDENDS
        for at, _ in _dividends(actions)
        for _, account in _around(entries, at)
    )


def check_bars(symbol: str, account: Account, actions: Actions, place: str) -> None:
    """Raise DataError for new bars that are adjusted for actions of the catalog at ``place``."""
    said = account.adjusted.value
    for at, split, dividend in zip(
        *(column.tolist() for column in (actions.ts, actions.split, actions.dividend)), strict=True
    ):
        if not account.first_ts < at <= account.last_ts:
            continue
        told = f"the split of {split:g}" if split != 1.0 and "splits" in said else ""
        if dividend != 0.0 and "dividends" in said:
            told = f"the dividend of {dividend:g}"
        if told:
            raise DataError(
                f"{symbol} from {account.source}: the bars are adjusted for {said} (layout "
                f"{account.layout}), and the catalog has {told} on {iso_date(at)}, which a run "
                "would book again; import unadjusted prices, or remove the splits and dividends "
                f"first: `ringtape catalog remove {place} {symbol}:actions`"
            )


def _dividends(actions: Actions) -> Iterator[tuple[int, float]]:
    """Yield the ex-dates that have a dividend, and the dividend."""
    for at, dividend in zip(actions.ts.tolist(), actions.dividend.tolist(), strict=True):
        if dividend != 0.0:
            yield at, dividend


def _around(entries: Sequence[Entry], at: int) -> Iterator[tuple[Entry, Account | None]]:
    """Yield the series with bars on both sides of an ex-date, and the account of those before it.

    Of several the latest tells; first those that have bars on both sides themselves.
    """
    for entry in entries:
        if not entry.first_ts < at <= entry.last_ts:
            continue
        before = [one for one in entry.accounts if one.first_ts < at < one.last_ts + _NEAR]
        inside = [one for one in before if at <= one.last_ts]
        yield entry, next(reversed(inside or before), None)
