"""Splits and dividends as a table of the catalog: what it holds, merges and refuses."""

import math

import numpy as np
import pytest

from pipeline.codes import DAY_NS
from pipeline.errors import DataError
from pipeline.market.actions import Action, Actions, check_actions, splits_of
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.merge import Series, WriteResult
from tests.market.catalogs import bars, python, tree

APPLE = Actions.of([("2014-06-09", 7.0, 0.0), ("2014-08-07", 1.0, 0.47), ("2020-08-31", 4.0, 0.0)])


@pytest.fixture
def catalog(tmp_path) -> Catalog:
    catalog = Catalog(tmp_path / "c")
    catalog.write_all([Series(name, "1m", bars(5), "s") for name in ("AAPL", "A/B")])
    return catalog


def rows(actions: Actions) -> list[tuple[int, float, float]]:
    columns = (actions.ts, actions.split, actions.dividend)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_what_is_written_is_read_back_and_listed(catalog):
    done = catalog.write_actions({"AAPL": APPLE, "A/B": APPLE}, "table.csv")
    assert done["AAPL"] == WriteResult(added=3, unchanged=0, replaced=0, rows=3)
    found = Catalog(catalog.path)
    assert rows(found.actions("AAPL")) == rows(APPLE)
    assert rows(found.actions("SPY")) == []
    slash, apple = found.action_entries()
    assert (slash.file, apple.symbol, apple.rows) == ("actions/A%2FB.parquet", "AAPL", 3)
    assert (apple.first_ts, apple.last_ts) == (APPLE.ts[0], APPLE.ts[-1])
    assert apple.sources == ("table.csv",)
    assert [entry.symbol for entry in found.entries()] == ["A/B", "AAPL"]


def test_writing_the_same_again_touches_no_file(catalog):
    catalog.write_actions({"AAPL": APPLE}, "one")
    before = tree(catalog.path)
    done = catalog.write_actions({"AAPL": Actions.of([("2014-08-07", 1.0, 0.47)])}, "two")
    assert done["AAPL"] == WriteResult(added=0, unchanged=1, replaced=0, rows=3)
    assert tree(catalog.path) == before


def test_actions_are_merged_by_date_in_any_order(catalog):
    for row in (2, 0, 1):
        part = Actions(
            *(column[row : row + 1] for column in (APPLE.ts, APPLE.split, APPLE.dividend))
        )
        catalog.write_actions({"AAPL": part}, str(row))
    assert rows(catalog.actions("AAPL")) == rows(APPLE)
    assert catalog.action_entries()[0].sources == ("0", "1", "2")


def test_another_action_on_the_same_date_is_a_conflict(catalog):
    catalog.write_actions({"AAPL": APPLE}, "one")
    before = tree(catalog.path)
    other = {"AAPL": Actions.of([("2014-06-09", 6.0, 0.0)])}
    with pytest.raises(DataError, match=r"2014-06-09 is there with split 7 and .* new are 6 and 0"):
        catalog.write_actions(other, "two")
    assert tree(catalog.path) == before
    assert catalog.write_actions(other, "two", replace=True)["AAPL"].replaced == 1
    assert catalog.actions("AAPL").split.tolist() == [6.0, 1.0, 4.0]


def test_bars_and_actions_of_a_catalog_do_not_disturb_each_other(catalog):
    catalog.write_actions({"AAPL": APPLE}, "one")
    catalog.write("AAPL", "1m", bars(9), "more")
    assert rows(catalog.actions("AAPL")) == rows(APPLE)
    assert catalog.load("AAPL", "1m").num_rows == 9


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            [("2014-06-09", 0.0, 0.0)],
            "2014-06-09: split must be a finite number above 0 .* was 0.0",
        ),
        ([("2014-06-09", -2.0, 0.0)], "was -2.0"),
        ([("2014-06-09", math.nan, 0.0)], "was nan"),
        ([("2014-06-09", math.inf, 0.0)], "was inf"),
        ([("2014-06-09", 1.0, -0.1)], "dividend must be a finite number of at least 0 .* was -0.1"),
        ([("2014-06-09", 1.0, math.nan)], "dividend must be .* was nan"),
        ([("2014-06-09", 1.0, 0.0)], "has neither a split nor a dividend"),
        ([("2014-06-09", 2.0, 0.0), ("2014-06-09", 1.0, 0.1)], "2014-06-09 is there twice"),
        ([("2014-06-09", 2.0, 0.0), ("2014-06-08", 1.0, 0.1)], "ex-dates must ascend"),
        ([], "there are no splits or dividends"),
    ],
)
def test_what_cannot_be_is_refused(catalog, table, message):
    before = tree(catalog.path)
    with pytest.raises(DataError, match=f"there.csv: AAPL: .*{message}"):
        catalog.write_actions({"AAPL": Actions.of(table)}, "there.csv")
    assert tree(catalog.path) == before


def test_an_ex_date_has_no_time():
    with pytest.raises(DataError, match="an ex-date has no time"):
        check_actions("A", Actions(APPLE.ts + 1, APPLE.split, APPLE.dividend))


def test_a_symbol_without_bars_is_refused_with_the_nearest(catalog):
    with pytest.raises(DataError, match=r"APPL is not in .*; did you mean AAPL\?"):
        catalog.write_actions({"AAPL": APPLE, "APPL": APPLE}, "there.csv")
    assert catalog.action_entries() == []


def test_a_damaged_file_is_named(catalog):
    catalog.write_actions({"AAPL": APPLE, "A/B": Actions.of([("2000-01-03", 2.0, 0.0)])}, "s")
    file, other = catalog.path / "actions/AAPL.parquet", catalog.path / "actions/A%2FB.parquet"
    file.write_bytes(other.read_bytes())
    with pytest.raises(DataError, match=r"AAPL.parquet was changed outside the catalog; import it"):
        catalog.actions("AAPL")
    file.write_bytes(b"no parquet")
    with pytest.raises(DataError, match=r"AAPL.parquet is damaged"):
        catalog.actions("AAPL")
    file.unlink()
    with pytest.raises(DataError, match=r"AAPL.parquet is in the manifest but not on disk"):
        catalog.actions("AAPL")
    assert catalog.write_actions({"AAPL": APPLE}, "s", replace=True)["AAPL"].rows == 3
    assert rows(catalog.actions("AAPL")) == rows(APPLE)


CRASH = """
    import os
    from pathlib import Path
    from pipeline.market.actions import Actions
    kept, left = Path.replace, [int(sys.argv[2])]
    def replace(self, target):
        if left[0] == 0:
            os._exit(9)
        left[0] -= 1
        return kept(self, target)
    Path.replace = replace
    new = Actions.of([("2020-08-31", 4.0, 0.0)])
    Catalog(sys.argv[1]).write_actions({"A": new, "B": new}, "s")
"""


@pytest.mark.parametrize("renames", [0, 1, 2, 3])
def test_a_crash_between_renames_leaves_all_or_nothing(tmp_path, renames):
    catalog = Catalog(tmp_path)
    catalog.write_all([Series(name, "1m", bars(5), "s") for name in "AB"])
    assert python(CRASH, tmp_path, renames).wait() == 9
    expected = 1 if renames else 0
    assert [len(catalog.actions(name).ts) for name in "AB"] == [expected] * 2
    catalog.write("A", "1m", bars(9), "s")
    assert not list(tmp_path.rglob("*.new"))


def test_an_action_takes_effect_in_the_first_session_on_or_after_its_date():
    dates = np.array([10, 11, 14, 15]) * DAY_NS
    actions = Actions(
        np.array([9, 10, 11, 12, 14, 15, 16]) * DAY_NS,
        np.array([2.0, 2.0, 3.0, 1.0, 2.0, 1.0, 9.0]),
        np.array([0.0, 0.0, 0.5, 1.0, 2.0, 0.25, 0.0]),
    )
    assert list(actions.effects(dates, 5)) == [
        Action(1, 5, 3.0, 0.5),
        Action(2, 5, 2.0, 3.0),  # 1 of the weekend and 2, all per share before both
        Action(3, 5, 1.0, 0.25),
    ]
    assert list(actions.effects(dates[:1])) == []


def test_a_dividend_after_a_split_of_one_session_is_for_new_shares():
    actions = Actions(np.array([12, 13]) * DAY_NS, np.array([2.0, 1.0]), np.array([0.5, 0.25]))
    assert list(actions.effects(np.array([11, 14]) * DAY_NS)) == [Action(1, 0, 2.0, 1.0)]


def test_splits_are_found_by_session():
    actions = [Action(1, 0, 1.0, 0.5), Action(2, 0, 2.0, 0.0), Action(2, 3, 0.5, 1.0)]
    assert splits_of(actions) == {2: [(0, 2.0), (3, 0.5)]}
