"""The signals by which a user or a system ends a program. Windows has no SIGHUP."""

import signal

ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
#: Those that a terminal sends to all processes of a run.
OF_TERMINAL = tuple(number for number in ENDING if number != signal.SIGTERM)
