import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shm.names import LISTING, MAX_NAME, list_segments, new_run_id, parse_name, shared_name
from shm.segment import Segment


@given(kind=st.from_regex(r"[a-z0-9._]{1,10}", fullmatch=True))
def test_a_name_carries_run_owner_and_kind_and_fits_macos(kind: str) -> None:
    run_id = new_run_id()
    name = shared_name(run_id, kind)
    assert len(name) <= MAX_NAME
    parsed = parse_name(name)
    assert parsed is not None
    assert (parsed.run_id, parsed.owner_pid, parsed.kind) == (run_id, os.getpid(), kind)


@pytest.mark.parametrize("kind", ["", "Ring", "a/b", "a-b", "x" * 30])
def test_a_bad_kind_is_refused_by_name(kind: str) -> None:
    with pytest.raises(ValueError, match=r"kind must|must have at most 30"):
        shared_name(new_run_id(), kind)


@pytest.mark.parametrize("run_id", ["", "xyz", "ABC", "123456789"])
def test_a_bad_run_id_is_refused_by_name(run_id: str) -> None:
    with pytest.raises(ValueError, match="run_id must be 1 to 8"):
        shared_name(run_id, "ring")


@pytest.mark.parametrize(
    "text", ["psm_12", "rt-12-x-ring", "rt-zz-12-ring", "rt-12-34-", "sem.mp-1"]
)
def test_other_programs_names_are_not_ours(text: str) -> None:
    assert parse_name(text) is None


@pytest.mark.skipif(not LISTING.is_dir(), reason="the system lists no shared memory")
def test_the_listing_shows_a_segment_while_it_exists(run_id: str) -> None:
    with Segment.create(run_id, "a", 8) as segment:
        assert segment.name in [name.text for name in list_segments()]
    assert segment.name not in [name.text for name in list_segments()]
