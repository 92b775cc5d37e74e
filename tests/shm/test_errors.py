import pickle

import pytest

from shm.errors import (
    Aborted,
    Closed,
    NameTaken,
    NoSpace,
    OutOfTurn,
    PeerDied,
    SegmentMismatch,
    SegmentMissing,
    ShmError,
    Steered,
    Unavailable,
    ViewsInUse,
    WaitTimeout,
)

REFUSALS = [
    (SegmentMissing("rt-1-2-ring"), ["rt-1-2-ring"]),
    (SegmentMismatch("rt-1-2-ring", "version", 7, 1), ["rt-1-2-ring", "version", "7", "1"]),
    (NameTaken("rt-1-2-ring"), ["rt-1-2-ring"]),
    (NoSpace("the ring", 2000, 1000), ["the ring", "needs 2,000 bytes", "free are 1,000 bytes"]),
    (NoSpace("the ring", 3 << 20, 0), ["the ring", "needs 3.0 MiB", "free are 0 bytes"]),
    (Unavailable("the ring", "/dev/shm", "Read-only"), ["the ring", "/dev/shm: Read-only; "]),
    (ViewsInUse("rt-1-2-ring"), ["rt-1-2-ring"]),
    (Closed("the ring"), ["the ring"]),
    (OutOfTurn("slot 3 holds 4"), ["slot 3 holds 4"]),
    (Aborted("engine 1", "it fell"), ["engine 1", "it fell"]),
    (Steered("rt-1-2-command", 42), ["process 42", "rt-1-2-command"]),
    (PeerDied("the parent", 42), ["the parent", "42"]),
    (WaitTimeout("gate 'a'", "coordinator", 1.5), ["gate 'a'", "coordinator", "1.500 s"]),
]


@pytest.mark.parametrize(("refusal", "said"), REFUSALS, ids=lambda value: type(value).__name__)
def test_a_refusal_names_the_thing_and_the_numbers(refusal: ShmError, said: list[str]) -> None:
    assert isinstance(refusal, ShmError)
    assert [part for part in said if part not in str(refusal)] == []


@pytest.mark.parametrize(("refusal", "said"), REFUSALS, ids=lambda value: type(value).__name__)
def test_a_refusal_survives_the_way_to_another_process(refusal: ShmError, said: list[str]) -> None:
    copy = pickle.loads(pickle.dumps(refusal))
    assert (type(copy), str(copy), vars(copy)) == (type(refusal), str(refusal), vars(refusal))
