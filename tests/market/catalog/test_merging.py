"""Two series as one, against a dictionary by time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.market.catalog.bar_columns import BarColumns, joined
from pipeline.market.catalog.merging import MergedBars, Span, survey
from tests.market.catalogs import MINUTE, in_blocks

CUTS = st.lists(st.integers(0, 30), max_size=5)


def merge_bars(old: BarColumns, new: BarColumns, *, replace: bool) -> tuple[BarColumns, int, int]:
    """Both series in one, with the rows that were added and replaced; DataError for a conflict."""
    found = survey(old, new)
    if found.conflicts and not replace:
        raise DataError(found.conflict_words("bars of b"))
    merged = joined(list(MergedBars(old, new).blocks()))
    return merged, found.added, found.replaced


@st.composite
def series(draw):
    """Minutes with closes, of which few differ, in blocks of any size."""
    minutes = draw(st.lists(st.integers(0, 40), max_size=30, unique=True).map(sorted))
    closes = [float(draw(st.sampled_from([1, 1, 1, 2]))) for _ in minutes]
    ts = np.array(minutes, np.int64) * MINUTE
    columns = (np.ones(len(ts)),) * 3, np.array(closes), np.zeros(len(ts))
    return in_blocks(BarColumns(ts, (*columns[0], *columns[1:])), draw(CUTS))


def as_dictionary(blocks):
    whole = joined(list(blocks))
    return dict(zip(whole.ts.tolist(), whole.values[3].tolist(), strict=True))


@given(series(), series())
def test_a_merge_is_that_of_dictionaries(old, new):
    before, after = as_dictionary(old.blocks()), as_dictionary(new.blocks())
    found = survey(old, new)
    merged = list(MergedBars(old, new).blocks())
    times = [int(ts) for block in merged for ts in block.ts]
    assert times == sorted({*before, *after})
    assert as_dictionary(merged) == {**before, **after}
    known = after.keys() & before.keys()
    assert (found.old, found.new, found.known) == (len(before), len(after), len(known))
    assert found.conflicts == sum(before[ts] != after[ts] for ts in known)
    assert found.added == len(after.keys() - before.keys())
    assert found.first_at == min((ts for ts in known if before[ts] != after[ts]), default=0)


@given(series(), series(), st.integers(0, 40), st.integers(0, 40))
def test_old_bars_between_two_times_go_unless_they_are_new(old, new, first, last):
    going = Span(first * MINUTE, last * MINUTE)
    before, after = as_dictionary(old.blocks()), as_dictionary(new.blocks())
    gone = {ts for ts in before.keys() - after.keys() if going.first <= ts <= going.last}
    stranger = Span(10 * MINUTE, 20 * MINUTE)
    found = survey(old, new, going=going, strangers=[(stranger, "b")])
    merged = list(MergedBars(old, new, going).blocks())
    assert all(len(block.ts) for block in merged)
    left = {ts: close for ts, close in before.items() if ts not in gone}
    assert as_dictionary(merged) == {**left, **after}
    foreign = sum(stranger.first <= ts <= stranger.last for ts in gone)
    assert (found.gone, found.foreign, found.owner) == (len(gone), foreign, "b" if foreign else "")


@given(series(), series())
def test_a_merge_in_memory_refuses_conflicts_by_number_and_the_first(old, new):
    before, after = joined(list(old.blocks())), joined(list(new.blocks()))
    there, given_ = as_dictionary([before]), as_dictionary([after])
    conflicts = sorted(ts for ts in there.keys() & given_.keys() if there[ts] != given_[ts])
    if conflicts:
        with pytest.raises(DataError) as refusal:
            merge_bars(before, after, replace=False)
        first = str(np.datetime64(conflicts[0], "ns")).removesuffix(".000000000")
        assert f"{len(conflicts)} of {len(given_)} bars conflict with bars of b, " in str(
            refusal.value
        )
        was, now = there[conflicts[0]], given_[conflicts[0]]
        assert str(refusal.value).endswith(f"first at {first}Z: close there {was}, new {now}")
    merged, added, replaced = merge_bars(before, after, replace=True)
    assert as_dictionary([merged]) == {**there, **given_}
    assert (added, replaced) == (len(given_.keys() - there.keys()), len(conflicts))


def test_a_conflict_names_the_columns_that_differ_with_all_their_digits():
    ts, one = np.zeros(1, np.int64), np.ones(1)
    old = BarColumns(ts, (one, one, one, one, one))
    new = BarColumns(ts, (one, one, one, one + 2**-50, 2 * one))
    found = survey(in_blocks(old, []), in_blocks(new, []))
    words = "close there 1.0, new 1.0000000000000009; volume there 1.0, new 2.0"
    assert found.first.endswith(f"Z: {words}")
