"""Work in threads: results in order, the first error, and what happens without further threads."""

import signal
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.market.threads import check_stopped, in_threads


@given(items=st.lists(st.integers(-5, 5), max_size=20))
def test_results_are_in_the_order_of_the_items(items: list[int]):
    assert in_threads(lambda item: item * 2, items) == [2 * item for item in items]


@given(items=st.lists(st.integers(0, 9), min_size=1, max_size=20), bad=st.sets(st.integers(0, 9)))
def test_the_error_is_that_of_the_first_item_that_has_one(items: list[int], bad: set[int]):
    begun = []

    def work(item: tuple[int, int]) -> int:
        begun.append(item[0])
        if item[1] in bad:
            raise ValueError(item[0])
        return item[1]

    wrong = [number for number, item in enumerate(items) if item in bad]
    if not wrong:
        assert in_threads(work, list(enumerate(items))) == items
        return
    with pytest.raises(ValueError, match=f"^{wrong[0]}$"):
        in_threads(work, list(enumerate(items)))
    assert sorted(begun) == list(range(len(begun)))


def test_several_items_are_worked_on_at_the_same_time(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    meeting = threading.Barrier(3)
    assert sorted(in_threads(lambda _: meeting.wait(timeout=60), "abc")) == [0, 1, 2]


def test_the_caller_does_all_where_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch):
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("os.cpu_count", lambda: 4)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert in_threads(lambda _: threading.get_ident(), "abc") == [threading.get_ident()] * 3


def test_work_behind_an_error_is_stopped_and_work_before_it_goes_on(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    meeting, failed = threading.Barrier(3), threading.Event()
    done = []

    def work(number: int) -> None:
        meeting.wait(timeout=60)
        if number == 1:
            failed.set()
            raise ValueError(number)
        assert failed.wait(timeout=60)
        while number == 2:
            check_stopped()
        check_stopped()
        done.append(number)

    with pytest.raises(ValueError, match=r"^1$"):
        in_threads(work, [0, 1, 2])
    assert done == [0]
    check_stopped()


def test_an_interrupted_caller_stops_all(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    meeting, caller = threading.Barrier(2), threading.get_ident()

    def work(number: int) -> None:
        meeting.wait(timeout=60)
        if threading.get_ident() == caller:
            raise KeyboardInterrupt
        while True:
            check_stopped()

    with pytest.raises(KeyboardInterrupt):
        in_threads(work, [0, 1])


@pytest.mark.skipif(sys.platform == "win32", reason="no signal can be sent to a thread")
def test_a_caller_that_is_interrupted_as_it_waits_stops_the_others(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    meeting, caller = threading.Barrier(2), threading.get_ident()
    ended = []

    def work(number: int) -> None:
        meeting.wait(timeout=60)
        if threading.get_ident() != caller:
            signal.pthread_kill(caller, signal.SIGINT)
            try:
                while True:
                    check_stopped()
            finally:
                ended.append(number)

    with pytest.raises(KeyboardInterrupt):
        in_threads(work, [0, 1])
    assert len(ended) == 1
