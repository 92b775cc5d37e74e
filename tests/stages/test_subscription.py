"""The edge between two stages: who waits, what is counted, and that nothing is ever lost."""

import itertools
import pickle
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import multiprocess
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.stages import subscription
from pipeline.stages.subscription import StreamSubscription
from shm.control import ControlPage
from shm.errors import Aborted, Closed, NameTaken, OutOfTurn, WaitTimeout
from shm.names import LISTING, new_run_id
from shm.ring import Ring
from shm.segment import Segment
from tests.reference.children import child_processes
from tests.stages.edge_children import be_late, double, read_and_die, read_in_order

PACED = ["clock", "live"]


def names_left(run_id: str) -> list[str]:
    if not LISTING.is_dir():
        return []
    return sorted(path.name for path in LISTING.iterdir() if f"rt-{run_id}-" in path.name)


@pytest.fixture
def run_id() -> Iterator[str]:
    made = new_run_id()
    yield made
    assert names_left(made) == []
    assert multiprocess.active_children() == []


def edge(run_id: str, mode: str, depth: int = 8, kind: str = "e", **options: Any):
    if mode == "live":
        options.setdefault("timeout", 30)
    return StreamSubscription.create(
        run_id, kind, producer="coordinator", consumer="engine 0", depth=depth, mode=mode, **options
    )


class FakeClock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000
        monkeypatch.setattr(subscription, "time", SimpleNamespace(monotonic_ns=lambda: self.now))


@pytest.mark.parametrize("mode", ["data", *PACED])
@pytest.mark.parametrize("depth", [2, 8])
def test_every_signal_is_a_wait(run_id, mode, depth):
    """Tokens are neither merged nor dropped, whoever sets the pace."""
    with edge(run_id, mode, depth) as it:
        for _ in range(depth):
            it.signal_ready()
        for _ in range(depth):
            it.wait_until_ready(0)
        assert not it.poll()


def test_a_data_driven_edge_has_no_memory_but_its_semaphore(run_id):
    """It counts nothing, so that it costs what a bare gate costs."""
    with edge(run_id, "data") as it:
        it.signal_ready()
        it.signal_ready()
        assert it.overruns == 0
        assert it.statistics().overrun_seconds == 0
        assert all(name.startswith("sem.") for name in names_left(run_id))
        assert type(it).signal_ready is subscription.Gate.signal_ready
        assert type(it).wait_until_ready is subscription.Gate.wait_until_ready


def test_a_one_shot_hand_over_refuses_a_second_signal(run_id):
    """At depth 1 a token not taken is a mistake of the data-driven producer, and stays one."""
    with edge(run_id, "data", 1) as it:
        it.signal_ready()
        with pytest.raises(OutOfTurn, match=r"coordinator signalled .* before engine 0 took"):
            it.signal_ready()
        it.wait_until_ready(0)
        assert not it.poll()
        it.signal_ready()
        it.wait_until_ready(0)


@pytest.mark.parametrize("mode", PACED)
@pytest.mark.parametrize("depth", [1, 8])
def test_a_late_consumer_is_counted_timed_and_still_served(run_id, mode, depth, monkeypatch):
    """Two signals on top of one not taken are two overruns; each is timed to its own taking."""
    clock = FakeClock(monkeypatch)
    with edge(run_id, mode, depth) as it:
        it.signal_ready()
        clock.now = 2_000
        it.signal_ready()
        clock.now = 3_000
        it.signal_ready()
        clock.now = 10_000
        assert it.poll()
        assert it.overrun_seconds == 0  # the first token found nobody late
        assert it.poll()
        assert it.overrun_seconds == pytest.approx(8e-6)
        clock.now = 20_000
        assert it.poll()
        found = it.statistics()
        assert (found.overruns, found.mode, found.depth) == (2, mode, depth)
        assert found.overrun_seconds == pytest.approx(25e-6)
        assert it.max_overrun_seconds == pytest.approx(17e-6)


@given(steps=st.lists(st.sampled_from(["signal", "wait", "reset"]), max_size=60), data=st.data())
def test_figures_follow_the_model(steps, data):
    """Any order of signals, waits and resets gives the figures of a queue of signal times."""
    with pytest.MonkeyPatch.context() as patch:
        clock = FakeClock(patch)
        waiting: list[int | None] = []
        overruns, late = 0, [0]
        with edge(new_run_id(), "clock", data.draw(st.integers(1, 4))) as it:
            for step in steps:
                clock.now += data.draw(st.integers(1, 1_000))
                if step == "signal":
                    overruns += bool(waiting)
                    waiting.append(clock.now if waiting else None)
                    it.signal_ready()
                elif step == "wait":
                    assert it.poll() == bool(waiting)
                    stamp = waiting.pop(0) if waiting else None
                    late += [clock.now - stamp] if stamp is not None else []
                else:
                    it.reset()
                    waiting, overruns, late = [], 0, [0]
                found = it.statistics()
                assert found.overruns == overruns
                assert found.overrun_seconds == pytest.approx(sum(late) / 1e9)
                assert found.max_overrun_seconds == pytest.approx(max(late) / 1e9)


def test_a_live_wait_gives_up_by_itself(run_id):
    """Its timeout is the edge's own, or the one it is given; it takes nothing and is counted."""
    with edge(run_id, "live", timeout=0.01) as it:
        with pytest.raises(WaitTimeout, match="for coordinator"):
            it.wait_until_ready()
        with pytest.raises(WaitTimeout):
            it.wait_until_ready(0)
        it.signal_ready()
        it.wait_until_ready()
        assert it.statistics().timeouts == 2
        it.reset()
        assert it.statistics().timeouts == 0


@pytest.mark.parametrize("mode", ["data", "clock"])
def test_other_waits_end_with_the_run(run_id, mode):
    """Without a timeout they last until there is a token or the run is aborted."""
    with (
        ControlPage.create(run_id, ["coordinator"]) as control,
        edge(run_id, mode, control=control) as it,
    ):
        control.abort("engine 1", "it was killed")
        with pytest.raises(Aborted, match="engine 1"):
            it.wait_until_ready()


@pytest.mark.parametrize(("depth", "initial"), [(1, 1), (4, 4), (4, 2)])
def test_reset_gives_a_free_edge_its_slots_back(run_id, depth, initial):
    """After it there are the tokens that the edge was made with, whatever there was before."""
    with edge(run_id, "data", depth, initial=initial) as it:
        it.wait_until_ready(0)
        it.reset()
        assert it.drain() == initial
        it.reset()
        assert it.drain() == initial


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "tape"}, "must be data, clock or live, was 'tape'"),
        ({"mode": "data", "depth": 0}, "at least 1, was 0"),
        ({"mode": "data", "depth": 2, "initial": 3}, "cannot start with 3"),
        ({"mode": "clock", "initial": 1}, "must be data, was clock"),
        ({"mode": "live", "timeout": None}, "mode live and timeout None"),
        ({"mode": "clock", "timeout": 1.0}, "mode clock and timeout 1.0"),
    ],
)
def test_an_edge_that_makes_no_sense_is_refused(run_id, options, message):
    """The message names the edge, what was given and what is taken; nothing is left behind."""
    with pytest.raises(ValueError, match=message) as caught:
        edge(run_id, **options)
    assert "'e'" in str(caught.value)


def test_only_create_knows_the_class(run_id):
    """An edge made past it, which would not count, is refused."""
    with pytest.raises(TypeError, match=r"made by StreamSubscription\.create"):
        StreamSubscription(run_id, "e", producer="a", consumer="b", depth=4, mode="clock")


def test_a_failed_creation_leaves_nothing(run_id):
    """Neither a segment if the semaphore's name is taken, nor the other way round."""
    with edge(run_id, "data"):
        with pytest.raises(NameTaken):
            edge(run_id, "clock")
        assert all(name.startswith("sem.") for name in names_left(run_id))
    with Segment.create(run_id, "e", 64, layout_hash=0):
        with pytest.raises(NameTaken):
            edge(run_id, "clock")
        assert not any(name.startswith("sem.") for name in names_left(run_id))


@pytest.mark.parametrize("mode", ["data", *PACED])
def test_closing_is_final(run_id, mode):
    """A closed edge refuses by name; closing again does nothing."""
    it = edge(run_id, mode)
    it.close()
    it.close()
    with pytest.raises(Closed, match=f"{mode} edge 'e' from coordinator to engine 0"):
        it.signal_ready()
    with pytest.raises(Closed):
        it.wait_until_ready()
    with pytest.raises(Closed):
        pickle.dumps(it)


@pytest.fixture(params=["forkserver", "spawn"])
def start(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Start children by either method; whichever still runs after the test is killed."""
    context = multiprocess.get_context(request.param)
    if request.param == "forkserver":
        context.set_forkserver_preload(["tests.stages.edge_children"])
    with child_processes(context) as start_child:
        yield start_child


def test_a_late_process_is_seen_by_the_others(run_id, start):
    """The producer, here the owner, reads how late the consumer's process was."""
    with (
        edge(run_id, "clock", kind="bars") as bars,
        edge(run_id, "data", 1, kind="go") as go,
        edge(run_id, "data", 1, kind="done") as done,
    ):
        child = start(be_late, bars, go, done)
        for _ in range(3):
            bars.signal_ready()
        assert bars.overruns == 2
        go.signal_ready()
        done.wait_until_ready(60)
        late = bars.overrun_seconds
        assert 0 < bars.max_overrun_seconds < late
        bars.signal_ready()
        done.wait_until_ready(60)
        assert (bars.overruns, bars.overrun_seconds) == (2, late)
        child.join(60)
        assert child.exitcode == 0


def test_it_is_an_edge_of_the_ring(run_id, start):
    """Slots go round over subscriptions of every mode, and no content is lost or torn."""
    slots, count = 3, 500
    with (
        Ring.create(run_id, slots, 64) as ring,
        edge(run_id, "clock", slots, kind="out") as out,
        edge(run_id, "live", slots, kind="back") as back,
        edge(run_id, "data", slots, kind="free", initial=slots) as free,
    ):
        child = start(double, ring.reader([out], [back]), count)
        producer, last = ring.producer([free], [out]), ring.reader([back], [free])
        for first in range(0, count, slots):
            for number in range(first, min(first + slots, count)):
                np.frombuffer(ring.slot(producer.claim(60)), np.int64)[0] = number
                producer.publish()
            for number in range(first, min(first + slots, count)):
                assert np.frombuffer(ring.slot(last.take(60)), np.int64)[1] == 2 * number
                last.release()
        child.join(60)
        assert child.exitcode == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="lists /dev/shm")
def test_an_unlinked_edge_goes_on(run_id):
    """As a gate: without its name it works where it is open."""
    with edge(run_id, "data") as it:
        it.unlink()
        assert names_left(run_id) == []
        it.signal_ready()
        it.wait_until_ready(0)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
@pytest.mark.parametrize("holding", [True, False], ids=["in a slot", "between slots"])
@pytest.mark.parametrize("slots", [1, 4])
def test_a_killed_and_dismissed_reader_holds_nobody_up(run_id, start, slots, holding):
    """With one slot the edges are one-shot; the token that it did not take is nobody's mistake."""
    roles = ["coordinator", "processor 0", "engine 0", "engine 1", "engine 2"]
    count, before = 60, 20
    with ExitStack() as stack:
        own = stack.enter_context
        control = own(ControlPage.create(run_id, roles))
        ring = own(Ring.create(run_id, slots, 64))
        numbers = itertools.count()

        def edge(producer, consumer, initial=0):
            made = StreamSubscription.create(
                run_id,
                f"e{next(numbers)}",
                producer=producer,
                consumer=consumer,
                depth=slots,
                mode="data",
                initial=initial,
                control=control,
            )
            return own(made)

        filled = edge("coordinator", "processor 0")
        derived = [edge("processor 0", f"engine {e}") for e in range(3)]
        free = [edge(f"engine {e}", "coordinator", slots) for e in range(3)]
        producer = ring.producer(free, [filled])
        middle = start(double, ring.reader([filled], derived), count)
        readers = [ring.reader([derived[e]], [free[e]]) for e in range(3)]
        victim = start(read_and_die, readers[1], before, holding)
        children = [middle, *(start(read_in_order, readers[e], count) for e in (0, 2))]
        views = [np.frombuffer(ring.slot(i), np.int64) for i in range(slots)]
        for sequence in range(count):
            if sequence == before + slots:  # what is claimed from here on waits for the victim
                victim.join()
                assert victim.exitcode == -signal.SIGKILL
                control.dismiss("engine 1")
            view = views[producer.claim(30)]
            view[:] = -1
            view[0] = sequence
            producer.publish()
        for child in children:
            child.join()
        assert [child.exitcode for child in children] == [0] * 3
        del views, view
