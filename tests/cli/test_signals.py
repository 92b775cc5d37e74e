"""Ctrl-C and SIGTERM end a command with a line and a code, whenever they come."""

import signal
import sys

import pytest

from tests.reference.own_process import python

COMMAND = """
import signal, sys
from types import ModuleType

NUMBER = {number}

class Destroyed:
    def __del__(self):
        signal.raise_signal(NUMBER)

def run_process(words):
    {body}
    return 0

sys.modules["pipeline.cli.process"] = module = ModuleType("pipeline.cli.process")
module.run_process = run_process
from pipeline.cli import main
{before}
main()
"""
WAIT = "while True: signal.sigtimedwait((), 0.1)"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="both are sent as POSIX signals")
both = pytest.mark.parametrize(
    ("number", "code", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "told to end")],
)


def done(number: int, body: str, before: str = "") -> tuple[int, str]:
    """Exit code and stderr of a command that does ``body``."""
    code = COMMAND.format(number=int(number), body=body, before=before)
    ended = python("-c", code, check=False)
    return ended.returncode, ended.stderr


@both
def test_before_the_command_begins(number: int, code: int, word: str):
    assert done(number, "signal.raise_signal(NUMBER)") == (code, f"ringtape: {word}\n")


@both
def test_in_a_destructor_where_python_ignores_exceptions(number: int, code: int, word: str):
    assert done(number, f"Destroyed()\n    {WAIT}") == (code, f"ringtape: {word}\n")


@both
def test_in_a_library_that_makes_another_exception_of_it(number: int, code: int, word: str):
    body = """
    try: signal.raise_signal(NUMBER)
    except BaseException as error: raise ValueError("could not be made") from error
    """
    assert done(number, body) == (code, f"ringtape: {word}\n")


@both
def test_between_the_end_of_the_command_and_that_of_its_process(number: int, code: int, word: str):
    before = "import pipeline.cli as cli\ncli.leave, leave = (lambda code: stop()), cli.leave\n"
    before += "def stop(): cli.leave = leave; signal.raise_signal(NUMBER)"
    assert done(number, "pass", before) == (code, f"ringtape: {word}\n")


def test_ctrl_c_stays_ignored_in_the_background_of_a_shell():
    before = "signal.signal(signal.SIGINT, signal.SIG_IGN)"
    assert done(signal.SIGINT, "signal.raise_signal(NUMBER)", before) == (0, "")


def test_other_exceptions_are_told_as_ever():
    code, errors = done(signal.SIGINT, "raise ValueError('a defect')")
    assert code == 1
    assert errors.endswith("ValueError: a defect\n")
    code, errors = done(signal.SIGINT, "Destroyed.__del__ = lambda self: 1 / 0; Destroyed()")
    assert code == 0
    assert errors.endswith("ZeroDivisionError: division by zero\n")
