"""Schedules on disk: equal to what was built, and built again where the file is not whole."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from pipeline.market.time import calendars, kept_schedules
from pipeline.market.time.kept_schedules import find_schedule
from pipeline.market.time.schedule import Schedule
from tests.reference.own_process import python

DAY = 19_700  # 2023-12-09

SCRIPT = """
import sys
from pipeline.market.time.time_manager import TimeManager
table = TimeManager(sys.argv[1]).session_table("2024-10-22", "2024-12-03")
print(len(table), "pandas" in sys.modules, "exchange_calendars" in sys.modules)
"""


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Begin with nothing kept, on disk or in this process."""
    monkeypatch.setenv("RINGTAPE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(calendars, "_loaded", {})
    calendars.bounds.cache_clear()
    return tmp_path / "cache" / "calendars"


def same(one: Schedule, other: Schedule) -> bool:
    names = [field.name for field in fields(Schedule)]
    return all(
        type(getattr(one, name)) is type(getattr(other, name))
        and np.array_equal(getattr(one, name), getattr(other, name))
        for name in names
    )


@pytest.mark.parametrize("extended", [False, True])
@pytest.mark.parametrize("code", ["XNYS", "XTKS", "24/7"])
def test_what_is_kept_is_what_was_built(code: str, extended: bool):
    built = calendars.schedule_covering(code, DAY, DAY + 100, extended)
    kept = find_schedule(code, extended)
    assert kept is not None
    assert same(kept.schedule, built)
    assert kept.bounds == calendars.bounds(code)


def test_days_beyond_what_is_kept_are_built_and_kept_with_it(monkeypatch: pytest.MonkeyPatch):
    calendars.schedule_covering("XNYS", DAY, DAY, False)
    monkeypatch.setattr(calendars, "_loaded", {})
    far = calendars.schedule_covering("XNYS", DAY + 4000, DAY + 4000, False)
    assert far.first_day <= DAY
    assert far.last_day >= DAY + 4000
    kept = find_schedule("XNYS", False)
    assert kept is not None
    assert same(kept.schedule, far)


@pytest.mark.parametrize("left", [0, 100, -1])
def test_a_file_that_was_cut_short_is_built_again(
    empty: Path, monkeypatch: pytest.MonkeyPatch, left: int
):
    built = calendars.schedule_covering("XNYS", DAY, DAY, False)
    (file,) = empty.iterdir()
    file.write_bytes(file.read_bytes()[:left])
    assert find_schedule("XNYS", False) is None
    monkeypatch.setattr(calendars, "_loaded", {})
    assert same(calendars.schedule_covering("XNYS", DAY, DAY, False), built)
    assert find_schedule("XNYS", False) is not None


def test_other_libraries_find_nothing(monkeypatch: pytest.MonkeyPatch):
    calendars.schedule_covering("XNYS", DAY, DAY, False)
    kept_schedules._basis.cache_clear()
    with monkeypatch.context() as other:
        other.setattr("importlib.metadata.version", lambda library: "0.0")
        assert find_schedule("XNYS", False) is None
    kept_schedules._basis.cache_clear()
    assert find_schedule("XNYS", False) is not None


@pytest.mark.parametrize("group", ["US_EQUITY", "FX", "XTKS"])
def test_a_process_that_finds_its_sessions_imports_no_calendar_library(group: str):
    def told() -> list[str]:
        return python("-c", SCRIPT, group).stdout.split()

    first, second = told(), told()
    assert first[1:] == ["True", "True"]
    assert second == [first[0], "False", "False"]
