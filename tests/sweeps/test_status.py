import json
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.sweeps.progress import SweepProgress
from pipeline.sweeps.status import SweepStatus, sweep_status
from shm.errors import SegmentMissing
from shm.names import new_run_id
from shm.notice import NoticePage
from shm.stats import RowSpec, StatsBlock


@pytest.fixture
def page() -> Iterator[NoticePage]:
    with NoticePage.create(new_run_id()) as made:
        yield made


def said(page: NoticePage) -> Any:
    text, whole = page.read()
    assert whole
    return json.loads(text)


def progress(evaluations: int, **more: Any) -> SweepProgress:
    return SweepProgress(3, 10, evaluations, 100, 1.0, 1.5, "fast 5", 1, **more)


def test_it_says_from_the_beginning_what_does_not_change(page: NoticePage):
    SweepStatus(page, {"session_name": "mine"})
    found = said(page)
    assert (found["kind"], found["state"], found["session_name"]) == ("sweep", "running", "mine")
    assert found["pass_run_id"] is None


def end_pass(status: SweepStatus, bars: list[int], waited: list[int]) -> None:
    """End a pass whose engines have walked some bars and waited some ns."""
    rows = [RowSpec(f"engine {i}", ("bars",), ("wait",)) for i in range(len(bars))]
    with StatsBlock.create(new_run_id(), rows) as stats:
        for i, (walked, ns) in enumerate(zip(bars, waited, strict=True)):
            stats.row(f"engine {i}").count("bars", walked)
            stats.row(f"engine {i}").timer("wait").record(ns)
            stats.row(f"engine {i}").flush()
        status.end_pass(stats)


def test_counts_of_passes_add_up(page: NoticePage):
    status = SweepStatus(page, {})
    status.begin_pass("abc")
    assert said(page)["pass_run_id"] == "abc"
    end_pass(status, [5, 7], [10, 20])
    status.begin_pass("def")
    end_pass(status, [1], [30])
    found = said(page)
    assert found["counters"]["engine"] == {"bars": 13}
    assert found["timed"]["engine 0"] == {"wait_count": 2, "wait_ns": 40}
    assert found["timed"]["engine 1"] == {"wait_count": 1, "wait_ns": 20}
    assert found["pass_run_id"] is None


def test_progress_is_passed_on_and_the_last_one_is_kept(page: NoticePage):
    status = SweepStatus(page, {})
    passed: list[SweepProgress] = []
    tell = status.telling(passed.append, lambda: 123)
    for evaluations in (1, 2, 3):
        tell(progress(evaluations))
    assert [one.evaluations for one in passed] == [1, 2, 3]
    status.end("done")
    found = said(page)
    assert (found["evaluations"], found["memory_bytes"], found["state"]) == (3, 123, "done")


def test_the_share_that_is_done_is_that_of_the_progress(page: NoticePage):
    status = SweepStatus(page, {})
    status.telling(None, lambda: 0)(progress(25))
    status.end("done")
    assert said(page)["share"] == progress(25).share == 0.25


def test_evaluations_never_go_back(page: NoticePage):
    """Lanes that fail take theirs with them."""
    status = SweepStatus(page, {})
    tell = status.telling(None, lambda: 0)
    tell(progress(100))
    status.begin_pass("abc")
    tell(progress(60))
    status.end("done")
    assert said(page)["evaluations"] == 100


def test_long_errors_are_cut(page: NoticePage):
    status = SweepStatus(page, {})
    status.telling(None, lambda: 0)(progress(1, errors=("x" * 100_000,) * 5))
    status.end("done")
    assert all(len(error) == 500 for error in said(page)["errors"])


def test_a_sweep_that_fails_says_so_and_its_page_goes():
    seen = []

    def fail() -> None:
        with sweep_status(new_run_id(), {}) as status:
            seen.append(NoticePage.attach(status._page.name))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with seen[0] as kept:
        assert said(kept)["state"] == "failed"
        with pytest.raises(SegmentMissing):
            NoticePage.attach(kept.name)
