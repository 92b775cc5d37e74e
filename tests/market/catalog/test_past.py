"""Accounts of imports: what the manifest keeps, and what a further import of a source may do."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.market.catalog.account import Account, Fact
from pipeline.market.catalog.bar_columns import BarColumns
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.merge import Series, WriteResult
from pipeline.market.catalog.merging import Span
from pipeline.market.catalog.past import KEPT
from tests.market.catalogs import MINUTE, bars, tree


def account(source, minutes, *, forming=False, notes=()):
    return Account(
        source=source,
        layout="csv",
        clock=Fact("UTC", "guess", "--tz"),
        stamped=Fact("open", "layout"),
        interval=Fact("1m", "rows"),
        adjusted=Fact("not known", "guess", "--adjusted"),
        taken=(("ts", "Date"), ("close", "Last")),
        left=("Change",),
        rows=len(minutes),
        rows_left=(("rows without prices", 3),),
        first_ts=minutes[0] * MINUTE,
        last_ts=minutes[-1] * MINUTE,
        forming=forming,
        notes=notes,
    )


def put(catalog, source, minutes, *, seed=1, how=None, **more):
    """Import bars at these minutes from a source; `how` is a keyword of `write_all`."""
    told = None if source is None else account(source, minutes, **more)
    item = Series("A", "1m", bars(minutes, seed=seed), source or "python", told)
    return catalog.write_all([item], **({how: True} if how else {}))[0]


def minutes_of(catalog):
    return [ts // MINUTE for ts in catalog.load("A", "1m")["ts"].cast("int64").to_pylist()]


def test_the_manifest_keeps_the_account_of_an_import_as_it_was(tmp_path):
    put(Catalog(tmp_path), "a.csv", range(5), notes=("One.", "Two."))
    entry = Catalog(tmp_path).entry("A", "1m")
    assert entry.accounts == (account("a.csv", range(5), notes=("One.", "Two.")),)
    assert entry.without_account is None


def test_an_import_of_the_same_source_takes_the_place_of_its_account(tmp_path):
    catalog = Catalog(tmp_path)
    put(catalog, "a.csv", range(5))
    put(catalog, "b.csv", range(3, 9))
    put(catalog, "a.csv", range(6))
    assert catalog.entry("A", "1m").accounts == (
        account("b.csv", range(3, 9)),
        account("a.csv", range(6)),
    )


def test_an_account_that_differs_is_kept_though_no_bar_does(tmp_path):
    catalog = Catalog(tmp_path)
    put(catalog, "a.csv", range(5))
    file = tmp_path / catalog.entry("A", "1m").file
    before = file.stat().st_ino
    put(catalog, "a.csv", range(5), notes=("Said later.",))
    assert catalog.entry("A", "1m").accounts[0].notes == ("Said later.",)
    assert file.stat().st_ino == before
    content = tree(tmp_path)
    put(catalog, "a.csv", range(5), notes=("Said later.",))
    assert tree(tmp_path) == content


def test_the_latest_accounts_are_kept_and_bars_of_others_have_none(tmp_path):
    catalog = Catalog(tmp_path)
    for number in range(KEPT + 2):
        put(catalog, f"{number}.csv", range(number, number + 2))
    entry = catalog.entry("A", "1m")
    assert [one.source for one in entry.accounts] == [f"{k}.csv" for k in range(2, KEPT + 2)]
    assert entry.without_account == Span(0, 2 * MINUTE)


@pytest.mark.parametrize("field", ["clock", "taken", "rows", "notes"])
def test_an_account_of_another_form_is_refused_with_its_place(tmp_path, field):
    put(Catalog(tmp_path), "a.csv", range(5))
    path = tmp_path / "manifest.json"
    document = json.loads(path.read_text())
    document["series"][0]["accounts"][0][field] = "x"
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match=rf"\(series\.0\.accounts\.0\.{field}.* is 'x'"):
        Catalog(tmp_path).entries()


def test_a_manifest_without_accounts_is_read_and_all_its_bars_have_none(tmp_path):
    catalog = Catalog(tmp_path)
    put(catalog, None, range(5))
    path = tmp_path / "manifest.json"
    document = json.loads(path.read_text())
    del document["series"][0]["accounts"], document["series"][0]["unaccounted"]
    path.write_text(json.dumps(document))
    entry = Catalog(tmp_path).entry("A", "1m")
    assert (entry.accounts, entry.without_account) == ((), Span(0, 4 * MINUTE))
    put(catalog, "a.csv", range(3, 9))
    assert catalog.entry("A", "1m").without_account == Span(0, 4 * MINUTE)
    put(catalog, "b.csv", range(12))
    assert catalog.entry("A", "1m").without_account is None
    put(catalog, None, [10, 20])
    assert catalog.entry("A", "1m").without_account == Span(10 * MINUTE, 20 * MINUTE)


def test_a_source_is_replaced_by_its_bars_on_another_clock(tmp_path):
    catalog = Catalog(tmp_path)
    put(catalog, "a.csv", range(0, 50, 5))
    result = put(catalog, "a.csv", range(2, 32, 5), seed=2, how="replace_source")
    assert result == WriteResult(added=6, unchanged=0, replaced=0, rows=6, removed=10)
    assert minutes_of(catalog) == [2, 7, 12, 17, 22, 27]
    result = put(catalog, "a.csv", range(2, 32, 5), seed=3, how="replace_source")
    assert (result.replaced, result.removed) == (6, 0)


def test_bars_beyond_the_former_account_stay(tmp_path):
    catalog = Catalog(tmp_path)
    put(catalog, "a.csv", range(10, 20))
    put(catalog, "b.csv", range(30, 40))
    result = put(catalog, "a.csv", [12, 25], how="replace_source")
    assert (result.added, result.removed) == (1, 9)
    assert minutes_of(catalog) == [12, 25, *range(30, 40)]


@pytest.mark.parametrize("other", ["b.csv", None])
def test_bars_that_may_be_of_another_source_stop_it(tmp_path, other):
    catalog = Catalog(tmp_path)
    put(catalog, "a.csv", range(10))
    put(catalog, other, range(8, 15))
    before = tree(tmp_path)
    with pytest.raises(DataError) as refusal:
        put(catalog, "a.csv", range(20, 30), how="replace_source")
    who = other or "an import that left no account"
    assert str(refusal.value).startswith(
        "A 1m from a.csv: 2 of the 10 bars that this source stored before and does not have any "
        f"more may be of {who}: --replace series takes the new bars in place of all"
    )
    assert tree(tmp_path) == before
    put(catalog, "a.csv", range(20, 30), how="overwrite")
    assert minutes_of(catalog) == list(range(20, 30))
    assert [one.source for one in catalog.entry("A", "1m").accounts] == ["a.csv"]


def test_a_source_without_a_former_account_replaces_bars_only(tmp_path):
    catalog = Catalog(tmp_path)
    put(catalog, "a.csv", range(10))
    result = put(catalog, "b.csv", range(5, 12), seed=2, how="replace_source")
    assert result == WriteResult(added=2, unchanged=0, replaced=5, rows=12)


def refusal_of(catalog, source, minutes):
    with pytest.raises(DataError) as refused:
        put(catalog, source, minutes, seed=2)
    return str(refused.value)


def test_a_conflict_names_the_imports_of_which_the_bars_may_be(tmp_path):
    catalog = Catalog(tmp_path)
    put(catalog, "a.csv", range(5))
    put(catalog, "b.csv", range(3, 9))
    there = "bars conflict with bars of"
    assert f"from c.csv: 1 of 1 {there} a.csv, first at" in refusal_of(catalog, "c.csv", [1])
    assert f"{there} b.csv, first at" in refusal_of(catalog, "c.csv", [6])
    assert f"{there} a.csv or b.csv, first at" in refusal_of(catalog, "c.csv", [4])
    own = "an earlier import of the same source"
    assert f"{there} {own}, first at" in refusal_of(catalog, "a.csv", [1])
    assert f"{there} {own} or b.csv, first at" in refusal_of(catalog, "a.csv", [4])


def test_a_conflict_with_bars_of_nobody_or_of_many_is_one_with_bars_in_the_catalog(tmp_path):
    catalog, there = Catalog(tmp_path), "bars conflict with bars in the catalog, first at"
    put(catalog, None, range(5))
    assert there in refusal_of(catalog, "c.csv", [1])
    put(catalog, "0.csv", range(3, 6))
    assert there in refusal_of(catalog, "c.csv", [1])
    words = "bars of 0.csv or an import that left no account, first at"
    assert words in refusal_of(catalog, "c.csv", [4])
    for number in range(1, 4):
        put(catalog, f"{number}.csv", range(5, 7))
    assert there in refusal_of(catalog, "c.csv", [5])


def test_a_bar_that_was_forming_is_replaced_by_its_source_alone(tmp_path):
    catalog = Catalog(tmp_path)
    put(catalog, "a.csv", range(10), forming=True)
    whole = BarColumns.from_table(bars(range(12)))
    volume = whole.values[4].copy()
    volume[9] = 5_000.0
    later = BarColumns(whole.ts, (*whole.values[:4], volume))
    for source in ("b.csv", None):
        told = None if source is None else account(source, range(12))
        with pytest.raises(DataError, match="1 of 12 bars conflict"):
            catalog.write_all([Series("A", "1m", later, "s", told)])
    item = Series("A", "1m", later, "s", account("a.csv", range(12)))
    assert catalog.write_all([item]) == [WriteResult(added=2, unchanged=9, replaced=1, rows=12)]
    volume[9] = 6_000.0
    with pytest.raises(DataError, match=r"1 of 12 bars conflict .* --replace"):
        catalog.write_all([item])


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", None]),
            st.sets(st.integers(0, 30), min_size=1).map(sorted),
            st.sampled_from(["replace", "replace_source", "overwrite", None]),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_imports_in_any_order_are_those_of_a_slow_model(tmp_path_factory, imports):
    """The model keeps whose each bar is; a refusal changes nothing."""
    catalog = Catalog(tmp_path_factory.mktemp("c"))
    there: dict[int, int] = {}
    for seed, (source, minutes, how) in enumerate(imports):
        new = dict.fromkeys(minutes, seed)
        known = catalog.entry("A", "1m").accounts if there else ()
        former = [one for one in known if one.source == source]
        gone = {
            minute
            for minute in there.keys() - new.keys()
            if how == "replace_source"
            and former
            and former[0].first_ts <= minute * MINUTE <= former[0].last_ts
        }
        conflict = how is None and there.keys() & new.keys()
        before = tree(catalog.path)
        result, refusal = None, ""
        try:
            result = put(catalog, source, minutes, seed=seed, how=how)
        except DataError as error:
            refusal = str(error)
        if result is None:
            assert conflict or (gone and "may be of" in refusal)
            assert tree(catalog.path) == before
            continue
        assert not conflict
        if how == "overwrite":
            gone = there.keys() - new.keys()
        assert result.removed == len(gone)
        there = {**{m: s for m, s in there.items() if m not in gone}, **new}
        assert minutes_of(catalog) == sorted(there)
        assert result.rows == len(there)
        volume = catalog.load("A", "1m")["volume"].to_pylist()
        assert volume == [(m * 104_729 + there[m]) % 1000.0 for m in sorted(there)]
        told = catalog.entry("A", "1m")
        spans = [(a.first_ts, a.last_ts) for a in told.accounts]
        spans += [told.without_account] if told.without_account else []
        assert all(any(a <= m * MINUTE <= b for a, b in spans) for m in there)
