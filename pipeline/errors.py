"""Every error Ringtape raises on purpose, and its warning.

A leaf module: it imports nothing, so any other module may import it.
"""


class RingtapeError(Exception):
    """User-facing refusal, printed as one line.

    The base of all errors below; catch it to catch them all. ``ringtape`` prints the message
    on stderr and ends with ``exit_code``. An exception that is not a ``RingtapeError`` is a
    defect of Ringtape and keeps its traceback.
    """

    exit_code = 2


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
    """Strategy code failed or asked for something that does not exist.

    You get it when a strategy cannot be imported or compiled, is given a parameter that it
    does not declare, raises inside one of its callbacks, or emits an order that is not valid.
    The message names the strategy, the symbol and the bar where it happened.
    """

    exit_code = 1


class RunError(RingtapeError):
    """A run started and could not be completed.

    You get it when a stage process died, was killed or stopped responding, when shared memory
    could not be obtained, or when the results could not be written. All processes and shared
    memory of the run have been released by the time you see it.
    """

    exit_code = 1


class LedgerError(RingtapeError):
    """The ledger of sweeps cannot serve the request.

    You get it when there is no ledger, the file is none or of another version, or when a sweep,
    lane or figure that you name is not in it. The message names the file, what was found and what
    was expected; nothing has been changed.
    """


def why_ended(error: BaseException) -> str:
    """Return in words why an exception has ended a piece of work.

    That is the exception's message, or "interrupted" for Ctrl-C and SIGTERM, which have none.
    """
    told = isinstance(error, KeyboardInterrupt | SystemExit)
    return "interrupted" if told else str(error)
