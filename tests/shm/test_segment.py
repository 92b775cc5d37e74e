import os
import shutil
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from multiprocess.shared_memory import SharedMemory

from shm import segment as segment_module
from shm.errors import (
    Closed,
    NameTaken,
    NoSpace,
    SegmentMismatch,
    SegmentMissing,
    ViewsInUse,
)
from shm.layout import Field, Layout
from shm.names import LISTING
from shm.segment import HEADER_SIZE, Segment
from tests.reference.own_process import python
from tests.shm.children import read_and_write

Left = Callable[[str], list[str]]


def ready_segment(run_id: str, size: int = 100, **kwargs: int) -> Segment:
    segment = Segment.create(run_id, "a", size, **kwargs)
    segment.mark_ready()
    return segment


def test_openers_share_the_bytes_of_the_creator(run_id: str) -> None:
    with ready_segment(run_id) as mine, Segment.attach(mine.name) as other:
        assert (other.size, len(other.payload)) == (100, 100)
        mine.payload[7] = 42
        assert other.payload[7] == 42
        other.payload[8] = 43
        assert mine.payload[8] == 43
        assert mine.owner
        assert not other.owner


def test_a_payload_is_zero_and_64_byte_aligned(run_id: str) -> None:
    with ready_segment(run_id) as segment:
        assert bytes(segment.payload) == bytes(100)
        assert np.frombuffer(segment.payload, np.uint8).ctypes.data % 64 == 0


def test_a_name_that_is_not_there_is_missing() -> None:
    with pytest.raises(SegmentMissing, match="'rt-0-1-none'"):
        Segment.attach("rt-0-1-none")


def test_nobody_attaches_before_the_creator_is_ready(run_id: str) -> None:
    with Segment.create(run_id, "a", 100) as segment:
        with pytest.raises(SegmentMismatch, match="its creator has not finished it"):
            Segment.attach(segment.name)
        segment.mark_ready()
        Segment.attach(segment.name).close()


def test_another_programs_segment_is_refused_by_its_magic() -> None:
    other = SharedMemory(create=True, size=4096)
    try:
        other.buf[:8] = b"another!"
        with pytest.raises(SegmentMismatch, match="magic b'another!'"):
            Segment.attach(other.name)
    finally:
        other.close()
        other.unlink()


@pytest.mark.parametrize(
    ("offset", "value", "what"),
    [(8, 99, "version 99, expected 1"), (24, 1 << 30, "size .* expected at least")],
)
def test_a_header_that_does_not_fit_is_refused(
    run_id: str, offset: int, value: int, what: str
) -> None:
    with ready_segment(run_id) as segment:
        struct.pack_into("=q", segment._open().buf, offset, value)
        with pytest.raises(SegmentMismatch, match=what):
            Segment.attach(segment.name)


def test_another_layout_is_refused(run_id: str) -> None:
    one, other = (Layout([Field(name, "f8", (4,))]) for name in "ab")
    with ready_segment(run_id, one.size, layout_hash=one.hash) as segment:
        Segment.attach(segment.name, one).close()
        with pytest.raises(SegmentMismatch, match=f"layout hash {one.hash:016x}"):
            Segment.attach(segment.name, other)


def test_a_size_below_one_byte_is_refused(run_id: str) -> None:
    with pytest.raises(ValueError, match="size of segment 'a' must be at least 1 byte, was 0"):
        Segment.create(run_id, "a", 0)


def test_a_kind_is_created_once(run_id: str) -> None:
    with ready_segment(run_id), pytest.raises(NameTaken):
        ready_segment(run_id)


def test_what_does_not_fit_is_refused_with_both_numbers(run_id: str, left: Left) -> None:
    with pytest.raises(NoSpace) as caught:
        Segment.create(run_id, "a", 1 << 50)
    assert caught.value.needed == (1 << 50) + HEADER_SIZE
    assert 0 < caught.value.available < caught.value.needed
    assert left(run_id) == []


@pytest.mark.skipif(not LISTING.is_dir(), reason="no shared memory file system")
def test_pages_that_the_system_cannot_find_are_refused_at_creation(
    run_id: str, left: Left, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else takes the memory between the look at what there is and the creation."""
    too_much = 2 * shutil.disk_usage(LISTING).total
    monkeypatch.setattr(segment_module, "available_shared_memory", lambda: too_much * 2)
    with pytest.raises(NoSpace, match=f"needs {(too_much + HEADER_SIZE) / 2**20:,.1f} MiB"):
        Segment.create(run_id, "a", too_much)
    assert left(run_id) == []


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="pages cannot be reserved")
def test_created_pages_are_really_there(run_id: str) -> None:
    with ready_segment(run_id, 1 << 20) as segment:
        assert (LISTING / segment.name).stat().st_blocks * 512 >= 1 << 20


def test_closing_removes_the_name_and_closing_twice_is_fine(run_id: str, left: Left) -> None:
    segment = ready_segment(run_id)
    segment.close()
    assert left(run_id) == []
    segment.close()
    with pytest.raises(Closed, match=segment.name):
        segment.payload[0]


def test_openers_never_remove_the_name(run_id: str) -> None:
    with ready_segment(run_id) as mine:
        Segment.attach(mine.name).close()
        Segment.attach(mine.name).close()


def test_a_name_that_was_removed_from_outside_does_not_disturb_closing(run_id: str) -> None:
    with ready_segment(run_id) as segment:
        (LISTING / segment.name).unlink()


def test_closing_with_a_view_alive_says_so_and_leaves_the_view_usable(
    run_id: str, left: Left
) -> None:
    segment = ready_segment(run_id)
    view = np.frombuffer(segment.payload, np.uint8)
    with pytest.raises(ViewsInUse, match=segment.name):
        segment.close()
    assert left(run_id) == []
    assert view.sum() == 0
    segment.close()


def test_an_error_is_not_hidden_by_the_views_it_keeps_alive(run_id: str) -> None:
    def fail() -> None:
        with ready_segment(run_id) as segment:
            view = np.frombuffer(segment.payload, np.uint8)
            raise KeyError(view[0])

    with pytest.raises(KeyError):
        fail()


def test_a_child_opens_what_it_is_passed_and_leaves_it(
    run_id: str, start: Callable[..., Any]
) -> None:
    with ready_segment(run_id) as segment:
        segment.payload[0] = 7
        child = start(read_and_write, segment)
        child.join()
        assert child.exitcode == 0
        assert segment.payload[1] == 8
        Segment.attach(segment.name).close()


UNRELATED = """
import sys
from shm.segment import Segment
segment = Segment.attach(sys.argv[1])
print(segment.payload[0])
{close}
"""


@pytest.mark.parametrize("close", ["segment.close()", ""], ids=["closing", "not closing"])
def test_an_unrelated_process_comes_and_goes_without_removing_the_name(
    run_id: str, close: str
) -> None:
    """Before Python 3.13 its resource tracker would remove the segment when it exits."""
    with ready_segment(run_id) as segment:
        segment.payload[0] = 7
        code = UNRELATED.format(close=close)
        viewer = python("-W", "error", "-c", code, segment.name, check=False)
        assert (viewer.returncode, viewer.stdout, viewer.stderr) == (0, "7\n", "")
        Segment.attach(segment.name).close()
