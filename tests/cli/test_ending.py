"""The process of a command ends when the command has, and nothing that waits for it is cut off."""

import subprocess

import pytest

from tests.reference.own_process import python

ENDING = """
import atexit, sys, threading
from pipeline.cli import main

atexit.register(print, "asked at the end")
sys.argv = ["ringtape", "--version"]
{before}
try:
    main({arguments})
except SystemExit as end:
    print("goes on with", end.code)
"""


def ended(before: str = "", arguments: str = "") -> "subprocess.CompletedProcess[str]":
    return python("-c", ENDING.format(before=before, arguments=arguments), check=False)


def test_the_process_ends_with_the_command_and_who_asked_for_it_is_called():
    done = ended()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1:] == ["asked at the end"]


@pytest.mark.parametrize(
    "before",
    [
        "threading.Thread(target=threading.main_thread().join).start()",
        "sys.setprofile(lambda *_: None)",
        "sys.settrace(lambda *_: None)",
    ],
)
def test_the_interpreter_ends_it_where_somebody_waits_for_that(before: str):
    done = ended(before)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1:] == ["goes on with 0", "asked at the end"]


def test_a_caller_in_python_gets_the_exit_code():
    done = ended(arguments="['catalogue']")
    assert done.stdout.splitlines() == ["goes on with 2", "asked at the end"]
