"""What the accounts of earlier imports mean for a further one into the same series."""

from __future__ import annotations

from typing import Final, NamedTuple, Self

from pipeline.market.catalog.account import UNKNOWN, Account
from pipeline.market.catalog.manifest import Entry
from pipeline.market.catalog.merging import Span

KEPT: Final = 10
"""So many accounts of a series are kept, the latest ones. Every run reads the manifest, and 10 of
each of 500 series take some tenths of a second."""
_NO_ACCOUNT: Final = "an import that left no account"


class Past(NamedTuple):
    """The imports into a series before the one of an account."""

    account: Account | None
    """The account of the import; None if it has none."""
    former: Account | None
    """The account of the last import of the same source."""
    others: tuple[Account, ...]
    """Those of all other sources, the latest last."""
    unknown: Span | None
    """Where bars lie of which no account tells."""

    @classmethod
    def of(cls, entry: Entry | None, account: Account | None) -> Self:
        """Sort the accounts of an entry, which is None if there is no series."""
        if entry is None:
            return cls(account, None, (), None)
        source = None if account is None else account.source
        former = next((one for one in entry.accounts if one.source == source), None)
        others = tuple(one for one in entry.accounts if one is not former)
        return cls(account, former, others, entry.without_account)

    @property
    def span(self) -> Span | None:
        """Where bars of the former import lie."""
        return None if self.former is None else Span(self.former.first_ts, self.former.last_ts)

    @property
    def otherwise(self) -> str:
        """Say how the former import of the same source took its times otherwise; "" if it did not.

        What a file says itself may differ from one download to the next, and is no other way.
        """
        former, now = self.former, self.account
        if former is None or now is None:
            return ""
        if former.clock.value != now.clock.value and (
            "file" not in (former.clock.ground, now.clock.ground)
        ):
            return f"with the clock {former.clock.value}, and now with {now.clock.value}"
        if former.stamped.value != now.stamped.value:
            return f"as stamped at {former.stamped.value}, and now at {now.stamped.value}"
        if former.times != now.times and sorted(former.times) == sorted(now.times):
            return f"with dates like {former.times}, and now like {now.times}"
        return ""

    @property
    def adjusted(self) -> str:
        """What the prices of the import are adjusted for."""
        return UNKNOWN if self.account is None else self.account.adjusted.value

    def adjusted_otherwise(self) -> Account | None:
        """Return the account of another source whose prices are said to be adjusted otherwise."""
        known = [one for one in self.others if one.adjusted.value != UNKNOWN]
        other = next((one for one in known if one.adjusted.value != self.adjusted), None)
        return None if self.adjusted == UNKNOWN else other

    @property
    def forming(self) -> int | None:
        """Open of the bar of the former import that had not ended; None without one."""
        former = self.former
        return former.last_ts if former is not None and former.forming else None

    def strangers(self) -> list[tuple[Span, str]]:
        """Return where bars of others lie, and who they are in words."""
        found = [(Span(one.first_ts, one.last_ts), one.source) for one in self.others]
        if self.unknown is not None:
            found.append((self.unknown, _NO_ACCOUNT))
        return found

    def bars_at(self, ts: int) -> str:
        """Return in words of which imports the bar that opens at ``ts`` may be.

        More than three, or none that left an account, are not named.
        """
        own = [] if self.span is None else [(self.span, "an earlier import of the same source")]
        known = [*own, *self.strangers()]
        names = [name for span, name in known if span.first <= ts <= span.last]
        if len(names) > 3 or names in ([], [_NO_ACCOUNT]):
            return "bars in the catalog"
        return f"bars of {' or '.join(names)}"

    def after(
        self, new: Span, *, all_known: bool, went: bool
    ) -> tuple[tuple[Account, ...], Span | None]:
        """Return the accounts after the import, the latest last, and where bars lie without one.

        ``new`` is where its bars lie. ``all_known``: it gave all bars that are in the series.
        ``went``: the bars of the former import that it did not give are not there any more.
        """
        unknown = None if all_known else self.unknown
        if self.account is None:
            return self.others, new.joined(unknown) if self.others else None
        if self.span is not None and not (all_known or went):
            for left in self.span.beside(new):
                unknown = left.joined(unknown)
        accounts = (*self.others, self.account)
        for lost in accounts[:-KEPT]:
            unknown = Span(lost.first_ts, lost.last_ts).joined(unknown)
        return accounts[-KEPT:], unknown
