import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shm.control import ControlPage
from shm.errors import Aborted, Closed, Dismissed, NameTaken, WaitTimeout
from shm.gate import Gate
from shm.names import LISTING, new_run_id
from tests.reference.own_process import environment
from tests.shm.children import answer, give_and_die, wait_for_abort, wait_for_dismissal

Left = Callable[[str], list[str]]
Start = Callable[..., Any]


def gate(run_id: str, kind: str = "a.b", **kwargs: Any) -> Gate:
    return Gate(run_id, kind, producer="alice", consumer="bob", **kwargs)


@given(initial=st.integers(0, 5), steps=st.lists(st.booleans(), max_size=30))
def test_tokens_are_counted(initial: int, steps: list[bool]) -> None:
    tokens = initial
    with gate(new_run_id(), initial=initial) as edge:
        for give in steps:
            if give:
                edge.signal_ready()
                tokens += 1
            else:
                assert edge.poll() == (tokens > 0)
                tokens = max(0, tokens - 1)
        assert edge.drain() == tokens
        assert edge.drain() == 0


def test_a_wait_that_is_over_says_whom_it_waited_for_and_how_long(run_id: str) -> None:
    with gate(run_id) as edge:
        with pytest.raises(WaitTimeout, match=r"gate 'a\.b' from alice to bob waited 0\.\d+ s"):
            edge.wait_until_ready(0.12)
        with pytest.raises(WaitTimeout) as caught:
            edge.wait_until_ready(0)
        assert caught.value.whom == "alice"
        edge.signal_ready()
        edge.wait_until_ready(0)


def test_an_abort_ends_a_wait_and_carries_who_and_why(run_id: str) -> None:
    with ControlPage.create(run_id, ["bob"]) as control, gate(run_id, control=control) as edge:
        control.abort("carol", "she fell")
        for timeout in (None, 5, 0):
            with pytest.raises(Aborted) as caught:
                edge.wait_until_ready(timeout)
            assert (caught.value.who, caught.value.why) == ("carol", "she fell")


def test_a_token_that_is_there_is_taken_also_during_an_abort(run_id: str) -> None:
    with (
        ControlPage.create(run_id, ["bob"]) as control,
        gate(run_id, control=control, initial=1) as edge,
    ):
        control.abort("carol", "she fell")
        edge.wait_until_ready()


@pytest.mark.parametrize("timeout", [None, 5, 0])
def test_a_dismissal_is_told_once_the_tokens_given_before_are_taken(
    run_id: str, timeout: float | None
) -> None:
    with (
        ControlPage.create(run_id, ["alice", "bob"]) as control,
        gate(run_id, control=control, initial=2) as edge,
    ):
        edge.signal_ready()
        control.dismiss("alice")
        for _ in range(3):
            edge.wait_until_ready(timeout)
        for _ in range(2):
            with pytest.raises(Dismissed, match=r"gate 'a\.b' .* goes on without alice$") as caught:
                edge.wait_until_ready(timeout)
            assert caught.value.whom == "alice"


def test_only_the_producers_dismissal_ends_a_wait(run_id: str) -> None:
    with (
        ControlPage.create(run_id, ["alice", "bob", "carol"]) as control,
        gate(run_id, control=control) as edge,
    ):
        control.dismiss("bob")
        control.dismiss("carol")
        with pytest.raises(WaitTimeout):
            edge.wait_until_ready(0.06)


def test_an_abort_counts_for_more_than_a_dismissal(run_id: str) -> None:
    with (
        ControlPage.create(run_id, ["alice", "bob"]) as control,
        gate(run_id, control=control) as edge,
    ):
        control.dismiss("alice")
        control.abort("carol", "she fell")
        for timeout in (None, 0):
            with pytest.raises(Aborted):
                edge.wait_until_ready(timeout)


def test_a_wait_keeps_the_heart_of_its_process_beating(run_id: str) -> None:
    with ControlPage.create(run_id, ["bob"]) as control, gate(run_id, control=control) as edge:
        control.member(0).join()
        before = control.members()[0].heartbeat_ns
        with pytest.raises(WaitTimeout):
            edge.wait_until_ready(0.06)
        assert control.members()[0].heartbeat_ns > before


def test_the_name_tells_the_run_and_goes_with_close(run_id: str, left: Left) -> None:
    edge = gate(run_id)
    assert left(run_id) in ([f"sem.rt-{run_id}-{os.getpid()}-a.b"], [])
    with pytest.raises(NameTaken):
        gate(run_id)
    edge.close()
    assert left(run_id) == []
    edge.close()


@pytest.mark.parametrize("use", ["signal_ready", "wait_until_ready", "poll", "drain"])
def test_a_closed_gate_refuses(run_id: str, use: str) -> None:
    edge = gate(run_id)
    edge.close()
    with pytest.raises(Closed, match=r"gate 'a\.b' from alice to bob is closed"):
        getattr(edge, use)()


def test_a_negative_initial_count_is_refused(run_id: str) -> None:
    with pytest.raises(ValueError, match=r"gate 'a\.b' must not be negative, was -1"):
        gate(run_id, initial=-1)


def test_tokens_cross_processes_also_after_the_names_are_gone(
    run_id: str, start: Start, left: Left
) -> None:
    with gate(run_id, "ask") as ask, gate(run_id, "reply") as reply:
        child = start(answer, ask, reply, 2000)
        ask.signal_ready()
        reply.wait_until_ready(30)
        ask.unlink()
        reply.unlink()
        assert left(run_id) == []
        for _ in range(1999):
            ask.signal_ready()
            reply.wait_until_ready(30)
        child.join()
        assert child.exitcode == 0


def test_a_child_that_waits_leaves_when_the_supervisor_aborts(run_id: str, start: Start) -> None:
    """Nobody signals: its peer was killed. All gates of a child share its one control page."""
    with (
        ControlPage.create(run_id, ["bob"]) as control,
        gate(run_id, control=control) as edge,
        gate(run_id, "here", control=control) as here,
    ):
        child = start(wait_for_abort, control, edge, here)
        here.wait_until_ready(30)
        control.abort("alice", "killed by SIGKILL")
        child.join()
        assert child.exitcode == 0
        note = control.members()[0].exit_note
        assert note == "alice: killed by SIGKILL, one page: True"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_all_that_a_killed_producer_gave_is_taken_before_its_dismissal_is_told(
    run_id: str, start: Start
) -> None:
    with (
        ControlPage.create(run_id, ["alice", "bob"]) as control,
        gate(run_id, control=control) as edge,
    ):
        child = start(give_and_die, edge, 500)
        for _ in range(200):
            edge.wait_until_ready(30)
        child.join()
        assert child.exitcode == -signal.SIGKILL
        control.dismiss("alice")
        for _ in range(300):
            edge.wait_until_ready()
        with pytest.raises(Dismissed):
            edge.wait_until_ready()


def test_a_child_that_waits_for_the_dismissed_is_told(run_id: str, start: Start) -> None:
    with (
        ControlPage.create(run_id, ["bob", "alice"]) as control,
        gate(run_id, control=control) as edge,
        gate(run_id, "here", control=control) as here,
    ):
        child = start(wait_for_dismissal, control, edge, here)
        here.wait_until_ready(30)
        control.dismiss("alice")
        child.join()
        assert child.exitcode == 0
        note = control.members()[0].exit_note
        assert note == "gate 'a.b' from alice to bob: the run goes on without alice"


ORPHAN = """
import os, signal
import multiprocess
from shm.gate import Gate
from shm.errors import PeerDied

def wait_for_nobody(edge):
    os.write(1, b"waiting\\n")
    try:
        edge.wait_until_ready()
    except PeerDied as error:
        os.write(1, f"{error}\\n".encode())

if __name__ == "__main__":
    context = multiprocess.get_context("%s")
    edge = Gate("%s", "a.b", producer="alice", consumer="bob")
    child = context.Process(target=wait_for_nobody, args=(edge,))
    child.start()
    child.join()
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
@pytest.mark.parametrize("method", ["forkserver", "spawn"])
def test_a_child_leaves_when_its_parent_is_killed(
    run_id: str, left: Left, tmp_path: Path, method: str
) -> None:
    """The output ends only when parent, child, fork server and resource tracker are all gone."""
    script = tmp_path / "orphan.py"
    script.write_text(ORPHAN % (method, run_id))
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as parent:
        assert parent.stdout is not None
        assert parent.stderr is not None
        assert parent.stdout.readline() == "waiting\n"
        parent.kill()
        said = parent.stdout.read()
        assert said == f"the parent process of bob (pid {parent.pid}) is gone\n"
        parent.stderr.read()
    assert left(run_id) == []


@pytest.mark.skipif(not LISTING.is_dir(), reason="the system lists no semaphores")
def test_an_error_in_a_with_block_leaves_no_semaphore(run_id: str, left: Left) -> None:
    with pytest.raises(KeyError), gate(run_id):
        raise KeyError
    assert left(run_id) == []
