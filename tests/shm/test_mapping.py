import gc

import numpy as np
import pytest
from multiprocess import resource_tracker

from shm.mapping import Mapping
from shm.names import shared_name


def test_attaching_does_not_tell_the_resource_tracker(
    run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = Mapping(shared_name(run_id, "a"), create_size=100)
    told: list[str] = []
    monkeypatch.setattr(resource_tracker, "register", lambda *args: told.append(str(args)))
    Mapping(mine.name).close()
    assert told == []
    mine.unlink()
    mine.close()


def test_the_memory_goes_with_the_last_view(run_id: str) -> None:
    mapping = Mapping(shared_name(run_id, "a"), create_size=100)
    mapping.unlink()
    view = np.frombuffer(mapping.buf, np.uint8)
    with pytest.raises(BufferError):
        mapping.close()
    view[0] = 1
    mapping.close()
    del mapping
    gc.collect()
    assert view[0] == 1


def test_forgetting_a_mapping_with_a_view_alive_is_silent(run_id: str) -> None:
    mapping = Mapping(shared_name(run_id, "a"), create_size=100)
    mapping.unlink()
    view = np.frombuffer(mapping.buf, np.uint8)
    del mapping
    gc.collect()
    assert view[0] == 0
