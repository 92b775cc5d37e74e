"""A hook that does not return is noticed, whatever else the engine does."""

import threading
from types import FrameType
from typing import Any

import pytest

from pipeline.stages.hook_watch import _Watch, watching

SECOND = 1_000_000_000


class Lane:
    """A lane in the middle of a call, or of none."""

    def __init__(self) -> None:
        self.call: tuple[object, str] | None = None
        self.frames: list[FrameType | None] = []

    def call_under_way(self, frame: FrameType | None) -> tuple[object, str] | None:
        self.frames.append(frame)
        return self.call


class Member:
    """The cell of an engine."""

    def __init__(self) -> None:
        self.prepares = False
        self.told: list[tuple[str, int]] = []

    def note_stuck(self, place: str, since_ns: int) -> None:
        self.told.append((place, since_ns))


@pytest.fixture
def lane() -> Lane:
    return Lane()


@pytest.fixture
def member() -> Member:
    return Member()


def watch_of(lane: Any, member: Any) -> _Watch:
    return _Watch(lambda: lane, member, threading.get_ident(), 5 * SECOND)


def test_a_call_is_told_once_it_lasts_longer_than_the_patience(lane: Lane, member: Member):
    watch = watch_of(lane, member)
    lane.call = ("one", "mine.py:3: Mine.on_bar")
    for second in range(1, 6):
        watch.look(second * SECOND)
    assert member.told == []
    for second in range(6, 9):
        watch.look(second * SECOND)
    assert member.told == [("mine.py:3: Mine.on_bar", SECOND)]
    lane.call = ("another", "mine.py:3: Mine.on_bar")
    watch.look(9 * SECOND)
    assert member.told[1:] == [("", 0)]


def test_calls_that_follow_each_other_are_no_long_call(lane: Lane, member: Member):
    watch = watch_of(lane, member)
    for second in range(1, 60):
        lane.call = (second, "mine.py:3: Mine.on_bar")
        watch.look(second * SECOND)
    assert member.told == []


@pytest.mark.parametrize("why", ["no lane", "between calls", "compiling"])
def test_an_engine_that_calls_no_hook_is_not_stuck(why: str, lane: Lane, member: Member):
    watch = watch_of(None if why == "no lane" else lane, member)
    lane.call = None if why == "between calls" else ("one", "mine.py:3: Mine.on_bar")
    member.prepares = why == "compiling"
    for second in range(1, 60):
        watch.look(second * SECOND)
    assert member.told == []


def test_the_thread_sees_where_the_engine_is_and_ends_with_the_block(lane: Lane, member: Member):
    looked = threading.Event()

    def at_work() -> Any:
        looked.set()
        return lane

    before = threading.active_count()
    with watching(at_work, member, look=0.001):  # type: ignore[arg-type]
        assert looked.wait(60)
        # It may have looked while the block began, whose frames are gone by now.
        lane.frames.clear()
        while not lane.frames:
            looked.wait(0.001)
    assert threading.active_count() == before
    names = set()
    frame = lane.frames[0]
    while frame is not None:
        names.add(frame.f_code.co_name)
        frame = frame.f_back
    assert "test_the_thread_sees_where_the_engine_is_and_ends_with_the_block" in names
