"""Output in any code: a code page of Windows, or ``PYTHONIOENCODING``, lacks most characters."""

import sys


def write_any_text() -> None:
    r"""Have stdout and stderr write a character that their code lacks as an escape, ``\u5e02``."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
