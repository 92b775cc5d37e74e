"""Times as text, block by block, in the form that a sample shows."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.codes import MINUTE_NS
from pipeline.errors import DataError
from pipeline.market.importers.empty_cells import EMPTY_CELLS
from pipeline.market.importers.plain_cast import plain_cast
from pipeline.market.importers.times.clock import Clock
from pipeline.market.importers.times.date_order import DateOrder, Verdict
from pipeline.market.importers.times.fields import see_order, times_of
from pipeline.market.importers.times.form import Form, Order, Place, plan_of, row_place
from pipeline.market.importers.times.result import (
    EMPTY,
    IMPOSSIBLE,
    NEVER,
    NO_ZONE,
    TWICE,
    UNREADABLE,
    Int64Array,
    Times,
    no_faults,
)
from pipeline.market.importers.times.template import char_at, groups, plain_text, string_bytes

_NS: Final = pa.timestamp("ns")
_NS_UTC: Final = pa.timestamp("ns", "UTC")


class TextTimes:
    """Reads times that are written as text. Only one thread may use it."""

    def __init__(
        self, form: Form, example: str, order: Order | None, padded: frozenset[str] = frozenset()
    ) -> None:
        """``padded`` are the fields that have two digits in all rows: 9:5 may have lost one."""
        self.form = form
        """The form that is read."""
        self.timed = form.timed
        """Whether the rows have a time of day; False for plain dates."""
        self.zones: tuple[str, ...] = ()
        """Names of the zones that the rows have named up to now, in no order."""
        self._example = example
        self._padded = padded
        self._order: Order | None = order
        self._seen = DateOrder()

    @property
    def ordered(self) -> bool:
        """Whether the times may be of several orders of day and month."""
        return self.form.family == "numbers"

    @property
    def verdict(self) -> Verdict:
        """The order of day and month: as settled, else what the rows gathered so far show.

        Forms in which there is no question have "mdy".
        """
        if self.form.family != "numbers":
            return "mdy"
        return self._order or self._seen.verdict

    def gather(self, block: pa.Array) -> None:
        """Take the dates of a block as evidence of their order, without reading them.

        The block is as in `read`.
        """
        if self.form.family == "numbers":
            for group in groups(_trimmed(plain_text(block))):
                plan = plan_of(group.template)
                if plan is not None and plan.form == self.form:
                    see_order(self._seen, plan, group.chars)

    def settle(self, order: Order) -> None:
        """Read dates like 3/4/2017 in this order from now on."""
        self._order = order

    def words(self, place: Place = row_place) -> str:
        """Return the form in words, for the account of an import."""
        return self.form.words(self._settled() if self.form.family == "numbers" else None)

    def read(self, block: pa.Array) -> Times:
        """Read a block of rows, an Arrow array of text of any type, or of integers like 20241104.

        Raises DataError, naming ``--date-order``, if the dates can be of both orders.
        """
        text = plain_text(block)
        return self._read_plain(text) or self._read_any(text)

    def explain(self, text: str | None) -> str:
        """Say in words why a text that was not read is no time of this file."""
        written = (text or "").strip()
        if written in EMPTY_CELLS:
            return "time is empty"
        fault = int(self.read(pa.array([text], pa.string())).fault[0])
        if fault == IMPOSSIBLE:
            first = {"mdy": "month", "dmy": "day", "ymd": "year"}
            numbers = self.form.family == "numbers"
            how = f" with the {first[self._settled()]} first" if numbers else ""
            return f"the time {written!r} does not exist{how}"
        if fault == NO_ZONE:
            return f"the time {written!r} names no known time zone; expected one such as US/Eastern"
        if fault in (TWICE, NEVER):
            often = "twice" if fault == TWICE else "never"
            return f"the time {written!r} occurs {often} in its zone (clock change)"
        return f"time must be like {self._example!r}, was {written!r}"

    def _settled(self) -> Order:
        verdict = self.verdict
        if verdict == "unknown" and self.form.separator == "." and not self.form.short_year:
            return "dmy"  # nobody writes 03.04.2024 with the month first
        if verdict in ("mdy", "dmy", "ymd"):
            return verdict
        how, orders = "can be month first or day first", "mdy or dmy"
        if verdict == "both":
            how = "are of both orders"
        elif self.form.short_year:
            how, orders = "can be month first, day first or year first", "mdy, dmy or ymd"
        raise DataError(f"dates like {self._example!r} {how}; say which with --date-order {orders}")

    def _read_plain(self, block: pa.Array) -> Times | None:
        """Read ISO 8601 by Arrow's own parser; None if a row is not exactly of the plain form."""
        form = self.form
        if form.family != "year first" or form.separator != "-" or block.null_count:
            return None
        offsets, data = string_bytes(block)
        lengths = np.diff(offsets)
        if len(lengths) == 0:
            return None
        low, high = int(lengths.min()), int(lengths.max())
        if (low < 16) if form.timed else (low != 10 or high != 10):
            return None
        read = plain_cast(block, _NS_UTC if form.zoned else _NS)
        if read is None:
            return None
        ns = np.frombuffer(read.buffers()[1], dtype=np.int64)[read.offset : read.offset + len(read)]
        if not form.zoned:
            return Times(ns, None, no_faults(len(ns)))
        ahead = _offsets(offsets, data)
        if ahead is None:
            return None
        self._name_zones(ahead)
        return Times(ns + ahead if ahead.any() else ns, ns, no_faults(len(ns)))

    def _name_zones(self, ahead: Int64Array) -> None:
        kinds = [int(ahead[0])] if (ahead == ahead[0]).all() else np.unique(ahead).tolist()
        self._add_zones(tuple(Clock.fixed(one).name for one in kinds))

    def _add_zones(self, names: tuple[str, ...]) -> None:
        self.zones = tuple(dict.fromkeys((*self.zones, *names)))

    def _read_any(self, block: pa.Array) -> Times:
        order: Order = self._settled() if self.form.family == "numbers" else "mdy"
        text = _trimmed(block)
        wall = np.zeros(len(text), dtype=np.int64)
        utc = np.zeros(len(text), dtype=np.int64) if self.form.zoned else None
        fault = no_faults(len(text))
        for group in groups(text):
            rows = slice(None) if group.rows is None else group.rows
            plan = plan_of(group.template)
            if plan is None or plan.form != self.form or plan.single & self._padded:
                fault[rows] = EMPTY if group.template in EMPTY_CELLS else UNREADABLE
                continue
            times, zones = times_of(plan, group.chars, order)
            self._add_zones(zones)
            wall[rows], fault[rows] = times.wall, times.fault
            if utc is not None and times.utc is not None:
                utc[rows] = times.utc
        return Times(wall, utc, fault)


def _trimmed(block: pa.Array) -> pa.Array:
    """Return the texts without blanks around them; "" in place of a null."""
    filled = block.fill_null("") if block.null_count else block
    return pc.utf8_trim_whitespace(filled)


def _offsets(offsets: npt.NDArray[np.int32], data: npt.NDArray[np.uint8]) -> Int64Array | None:
    """Return the ns ahead of UTC of times that end with Z, +01:00 or +0100, int64[n] or int64[1].

    None if one ends in another way, or with an offset that no clock has had.
    """
    if (char_at(offsets, data, -1) == ord("Z")).all():
        return np.zeros(1, dtype=np.int64)
    size = 6 if data[offsets[1] - 3] == ord(":") else 5
    tail = [char_at(offsets, data, -place) for place in range(size, 0, -1)]
    if all((chars == chars[0]).all() for chars in tail):
        tail = [chars[:1] for chars in tail]
    sign, *digits = tail
    if size == 6:
        fine = (digits.pop(2) == ord(":")).all()
    else:
        fine = np.bool_(True)
    fine &= ((sign == ord("+")) | (sign == ord("-"))).all()
    numbers = [(chars - 48).astype(np.int32) for chars in digits]
    fine &= all((one >= 0).all() and (one < 10).all() for one in numbers)
    minutes = (numbers[0] * 10 + numbers[1]) * 60 + numbers[2] * 10 + numbers[3]
    if not fine or (minutes >= 16 * 60).any():
        return None
    return np.where(sign == ord("-"), -minutes, minutes).astype(np.int64) * MINUTE_NS
