import shutil

import pytest

from shm import space
from shm.names import LISTING
from shm.space import available_shared_memory


@pytest.mark.skipif(not LISTING.is_dir(), reason="no shared memory file system")
def test_there_is_no_more_than_the_file_system_holds() -> None:
    assert 0 < available_shared_memory() <= shutil.disk_usage(LISTING).total


def test_what_control_groups_leave_is_the_most_that_can_be_had(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(space, "memory_left", lambda: 400_000)
    assert available_shared_memory() == 400_000
    monkeypatch.setattr(space, "memory_left", lambda: None)
    assert available_shared_memory() > 400_000
