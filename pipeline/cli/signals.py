"""The signals that end a command, Ctrl-C, SIGTERM and SIGHUP: exceptions, so that all is freed.

This module imports next to nothing, because a signal may come at the first instant.
"""

import _thread
import signal
import sys
from types import FrameType
from typing import Any, NoReturn

from pipeline.cli.exit_codes import HUNG_UP, INTERRUPTED, TERMINATED

#: How long after an exception got lost its signal is sent again.
_SECONDS_LATER = 0.01
#: The exceptions of the signals that have come.
_came: list[KeyboardInterrupt] = []


#: SIGTERM and, where the system has it, SIGHUP: the word and the exit code of each.
_ENDINGS = {signal.SIGTERM: ("told to end", TERMINATED)}
if hasattr(signal, "SIGHUP"):
    _ENDINGS[signal.SIGHUP] = "ended, because its terminal was closed", HUNG_UP


class ToldToEnd(KeyboardInterrupt):
    """SIGTERM or SIGHUP has come; what frees something after Ctrl-C does so then, too.

    ``number``: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def listen() -> None:
    """Have SIGTERM and SIGHUP raise ToldToEnd, as Ctrl-C raises KeyboardInterrupt; lose none.

    Where Ctrl-C is ignored, as in the background of a shell, it stays so; so does SIGHUP, which
    nohup has ignored.
    """
    _came.clear()
    for number in _ENDINGS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _raise)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _raise)
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _send_again


def signal_behind(error: BaseException) -> KeyboardInterrupt | None:
    """Return the exception of the signal because of which a command ends; None if there is none.

    Libraries make another exception of it, as Pydantic does where its classes are made.
    """
    if isinstance(error, KeyboardInterrupt):
        return error
    return _came[-1] if _came else None


def ending_with(told: BaseException | None) -> tuple[str, int]:
    """Return the word and the exit code for a command that a signal has ended."""
    if isinstance(told, ToldToEnd):
        return _ENDINGS[signal.Signals(told.number)]
    return "interrupted", INTERRUPTED


def _raise(number: int, _: FrameType | None) -> NoReturn:
    _came.append(ToldToEnd(number) if number in _ENDINGS else KeyboardInterrupt())
    raise _came[-1]


def _send_again(lost: Any) -> None:
    """Send a signal again whose exception was raised where Python can only ignore it.

    That is so in destructors and in callbacks of weak references, of which imports have many.
    """
    if not isinstance(lost.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(lost)
        return
    from threading import Timer

    number = lost.exc_value.number if isinstance(lost.exc_value, ToldToEnd) else signal.SIGINT
    # Windows ends a process that sends itself a signal by `os.kill`.
    later = Timer(_SECONDS_LATER, _thread.interrupt_main, (number,))
    later.daemon = True
    later.start()
