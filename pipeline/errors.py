"""Every error Ringtape raises on purpose, its warning, and the words that messages share.

A leaf module: it imports nothing of Ringtape, so any other module may import it.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from traceback import extract_tb, format_exception
from typing import Self


class RingtapeError(Exception):
    """User-facing refusal, printed as one line.

    The base of all errors below; catch it to catch them all. ``ringtape`` prints the message
    on stderr and ends with ``exit_code``. An exception that is not a ``RingtapeError`` is a
    defect of Ringtape and keeps its traceback.
    """

    exit_code = 2
    #: The traceback behind the message, of a compiler or of another process; empty without one.
    #: ``ringtape`` shows it with ``--debug``. It is no part of what Python shows of the error.
    trace: str = ""

    def behind(self, error: BaseException) -> Self:
        """Keep the traceback of the error that has led to this one as ``trace``; return this one.

        For errors that say to a user nothing which the message does not; raised ``from None``.
        """
        self.trace = "".join(format_exception(error))
        return self


class ConfigError(RingtapeError):
    """The session configuration is not usable.

    You get it before anything is started: the file cannot be read, a setting does not exist,
    a value has the wrong type or is out of range, or two settings contradict each other. The
    message names the setting by its dotted path, the value found and what was expected.
    """


class DataError(RingtapeError):
    """The market data cannot serve the request.

    You get it when an input file or catalog is missing or malformed, when a symbol, interval
    or date that the session asks for is not in the catalog, or when bars break an invariant
    (unordered or duplicate timestamps, impossible prices). The message names the file, symbol
    and place.
    """


class DataWarning(UserWarning):
    """The market data serve a part of the request only, and that part is run.

    Python's ``warnings`` show it; the summary has the same text among its notes.
    """


class StrategyError(RingtapeError):
    """A strategy cannot be used, or has failed.

    You get it when a strategy cannot be imported or compiled, or is given a parameter that it
    does not declare. The message names its file and line, or the class and what is wrong.
    """


class UnguardedError(StrategyError):
    """A file begins a run whenever it is imported, and a run imports it.

    You get it when a script without ``if __name__ == "__main__":`` is the file of a strategy, or
    is imported by another script. The message names the file and the line that needs the guard.
    """


class HookError(StrategyError):
    """A strategy's hook, or a function that a run calls for it, has failed while the run went on.

    You get it when a hook raises, also because it asks for something that does not exist or emits
    an order that is not valid. The message names file, line, hook, symbol and time.
    """

    exit_code = 1


class RunError(RingtapeError):
    """A run started and could not be completed.

    You get it when a stage process died, was killed or stopped responding, when shared memory
    could not be obtained, or when the results could not be written. All processes and shared
    memory of the run have been released by the time you see it.
    """

    exit_code = 1


class StoppedError(RunError):
    """A run or sweep was stopped from outside, by ``ringtape control``.

    What it has come to until then is kept, as after Ctrl-C. The message names the process that
    has stopped it.
    """

    exit_code = 3


class FetchError(RingtapeError):
    """A source of market data does not give what it was asked for.

    You get it when a source cannot be reached, refuses to answer, answers too often that it is
    busy, or sends a damaged file twice. The replies that have come are kept, and the same fetch
    goes on behind them. The message names the source and the address, without keys.
    """

    exit_code = 1


class LedgerError(RingtapeError):
    """The ledger of sweeps cannot serve the request.

    You get it when there is no ledger, the file is none or of another version, or when a sweep,
    lane or figure that you name is not in it. The message names the file, what was found and what
    was expected; nothing has been changed.
    """


#: Where a hook calls the debugger in a process without a terminal.
NO_DEBUGGER = (
    "a debugger needs a run in one process: run(..., inline=True), or ringtape run --inline"
)
#: A word of so many characters is like many others.
_SHORT = 4
_GIVE_ONE = "; give it one before the branch or loop that sets it"


def nearest(word: str, names: Iterable[str], count: int = 1, cutoff: float = 0.6) -> list[str]:
    """Return the names, at most ``count``, that are most like a word, whatever their case.

    ``cutoff``: how like they must be, 0 to 1. Short words are like others by chance, as XYZ is like
    XLY: names for a word of up to four characters begin with it, or differ in one character. With
    a cutoff of 0 that does not count.
    """
    folded: dict[str, list[str]] = {}
    asked = word.casefold()
    any_name = len(asked) > _SHORT or not cutoff
    for name in names:
        one = name.casefold()
        if any_name or one.startswith(asked) or _is_slip(asked, one):
            folded.setdefault(one, []).append(name)
    near = get_close_matches(asked, folded, count, cutoff)
    return [name for one in near for name in folded[one]][:count]


def _is_slip(word: str, name: str) -> bool:
    """Whether a word differs from a name in one character, or in two that have changed places."""
    shorter, longer = sorted((word, name), key=len)
    if len(shorter) < len(longer):
        return shorter in (longer[:at] + longer[at + 1 :] for at in range(len(longer)))
    if sum(one != other for one, other in zip(word, name, strict=True)) < 2:
        return True
    swapped = (word[:at] + word[at : at + 2][::-1] + word[at + 2 :] for at in range(len(word)))
    return name in swapped


def line_in(error: BaseException, file: str) -> int | None:
    """Return the innermost line of a file in an exception's traceback, None if there is none."""
    lines = [at.lineno for at in extract_tb(error.__traceback__) if at.filename == file]
    return lines[-1] if lines else None


def why_ended(error: BaseException) -> str:
    """Return in words why an exception has ended a piece of work.

    That is the exception's message, or "interrupted" for Ctrl-C and SIGTERM, which have none.
    """
    told = isinstance(error, KeyboardInterrupt | SystemExit)
    return "interrupted" if told else text_of(error)


def text_of(error: BaseException) -> str:
    """Return the text of an exception in one line; its class may fail to make one.

    Of a variable without a value it says what to do.
    """
    try:
        # The text of a KeyError would be in quotes.
        quoted = isinstance(error, KeyError) and error.args
        lines = (str(error.args[0]) if quoted else str(error)).splitlines()
        text = "; ".join(line.strip() for line in lines if line.strip())
        text = text.encode("utf-8", "backslashreplace").decode()  # of names of odd files
        no_value = isinstance(error, NameError) and "not associated with a value" in text
        return text + (_GIVE_ONE if no_value else "")
    except Exception as again:  # noqa: BLE001 - a user's class may raise anything
        return f"its text cannot be made: {type(again).__name__}"
