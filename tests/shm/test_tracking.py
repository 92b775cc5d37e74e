"""Names whose resource tracker was killed are removed without a word."""

import sys

import pytest

from tests.reference.own_process import python

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no resource tracker")

SCRIPT = """
import os, signal, sys
from multiprocess import resource_tracker
from shm.mapping import Mapping
from shm.names import list_segments, new_run_id, shared_name
from shm.semaphore import NamedSemaphore

def named(run_id):
    return Mapping(shared_name(run_id, "a"), create_size=100), NamedSemaphore(run_id, "b", 1)

run_ids = [new_run_id()]
held = [*named(run_ids[0])]
tracker = resource_tracker._resource_tracker._pid
os.kill(tracker, signal.SIGKILL)
os.waitpid(tracker, 0)
if sys.argv[1] == "again":
    run_ids.append(new_run_id())
    held += named(run_ids[1])
    assert resource_tracker._resource_tracker._pid != tracker
for one in held:
    one.unlink()
assert not [name for name in list_segments() if name.run_id in run_ids]
"""


@pytest.mark.parametrize("started", ["never", "again"])
def test_names_of_a_killed_tracker_are_removed_without_a_word(started: str):
    """Whether a later name has another tracker started or not."""
    done = python("-c", SCRIPT, started)
    assert done.stderr == ""
