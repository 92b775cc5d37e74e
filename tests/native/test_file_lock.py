"""Where files cannot be locked, as on some network file systems, writing is refused at once."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reference.own_process import environment, python

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("gcc") is None,
    reason="needs gcc and a loader that takes LD_PRELOAD",
)

#: A library in front of the system's, of which every lock is refused as by such a file system.
NO_LOCKS = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>

static int locks(int command) {
    return command == F_SETLK || command == F_SETLKW || command == F_GETLK ||
           command == F_OFD_SETLK || command == F_OFD_SETLKW;
}
#define REFUSING(name)                                                       \\
    int name(int file, int command, ...) {                                   \\
        va_list more;                                                        \\
        va_start(more, command);                                             \\
        void *argument = va_arg(more, void *);                               \\
        va_end(more);                                                        \\
        if (locks(command)) { errno = ENOLCK; return -1; }                   \\
        int (*real)(int, int, void *) = dlsym(RTLD_NEXT, #name);             \\
        return real(file, command, argument);                                \\
    }
REFUSING(fcntl)
REFUSING(fcntl64)
int flock(int file, int operation) { errno = ENOLCK; return -1; }
"""
CATALOG = """
from pathlib import Path
from pipeline.errors import RunError
from pipeline.market.catalog.lock import catalog_lock

try:
    with catalog_lock(Path("data")):
        print("locked")
except RunError as error:
    print(error)
"""
LEDGER = """
from pathlib import Path
from pipeline.errors import RunError
from pipeline.sweeps.ledger.ledger import Ledger

try:
    with Ledger.open(Path("data")):
        print("opened")
except RunError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def no_locks(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("no_locks")
    (folder / "no_locks.c").write_text(NO_LOCKS)
    command = ["gcc", "-shared", "-fPIC", "-o", "no_locks.so", "no_locks.c", "-ldl"]
    subprocess.run(command, cwd=folder, check=True)
    return str(folder / "no_locks.so")


@pytest.mark.parametrize(("script", "fine"), [(CATALOG, "locked"), (LEDGER, "opened")])
def test_a_folder_without_locks_is_named_at_once(
    tmp_path: Path, no_locks: str, script: str, fine: str
):
    (tmp_path / "data").mkdir()
    assert python("-c", script, cwd=tmp_path).stdout == f"{fine}\n"
    refused = python("-c", script, cwd=tmp_path, env=environment(LD_PRELOAD=no_locks)).stdout
    assert refused.startswith("files in data cannot be locked (No locks available), as on some")
    assert refused.endswith("use a folder on a local disk\n")


#: Locks a file as on Windows, and asks another process whether its content is locked and whether it
#: can be locked itself.
WINDOWS = """
import os, subprocess, sys
from pathlib import Path
from pipeline.native.file_lock import lock_file

path = Path("lock")
path.write_bytes(b"123")
descriptor = lock_file(path)
os.write(descriptor, b"456")
asks = [sys.executable, "-c", sys.argv[1]]
done = subprocess.run(asks, capture_output=True, text=True, check=True)
print(path.read_text(), done.stdout)
"""
ASKS = """
import os
from pathlib import Path
from pipeline.native.file_lock import lock_file

file = os.open("lock", os.O_RDWR)
os.lockf(file, os.F_TEST, 3)
try:
    lock_file(Path("lock"))
except BlockingIOError:
    print("locked")
"""


REMOVES = """
from pathlib import Path
from pipeline.native.file_lock import lock_file, remove_lock

path = Path("lock")
remove_lock(path, lock_file(path))
print(path.exists())
"""


def on_windows(folder: Path, code: str, *words: str) -> list[str]:
    """What a process prints that has Windows' locks, and cannot remove files that are open."""
    path = f"{Path(__file__).parents[1] / 'without'}:{environment()['PYTHONPATH']}"
    variables = environment(RINGTAPE_TEST_WITHOUT="fcntl,open_removed", PYTHONPATH=path)
    return python("-c", code, *words, env=variables, cwd=folder).stdout.split()


def test_the_lock_of_windows_leaves_the_content_of_the_file_to_be_read(tmp_path: Path):
    assert on_windows(tmp_path, WINDOWS, ASKS) == ["456", "locked"]


def test_the_file_of_a_lock_is_removed_where_no_open_file_can_be(tmp_path: Path):
    assert on_windows(tmp_path, REMOVES) == ["False"]
