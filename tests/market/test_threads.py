"""Work in threads: results in order, the first error, and what happens without further threads."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.market.threads import in_threads


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
