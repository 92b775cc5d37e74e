"""Names and texts of a command, whatever the locale: UTF-8 for names, escapes for what has no code.

Where the locale is not UTF-8, as with ``LC_ALL=C``, Python reads a file name beyond ASCII as other
characters than a configuration has for it, and cannot write it. And ``PYTHONIOENCODING``, or a
console of Windows, may ask for a code that lacks characters of a symbol.
"""

import os
import sys


def read_names_as_utf8() -> None:
    """Begin this process anew in Python's UTF-8 mode if it reads names of files in another code.

    The processes that it starts have that mode too. Windows has names in Unicode anyway.
    """
    if os.name != "posix" or sys.getfilesystemencoding() == "utf-8" or sys.flags.utf8_mode:
        return
    sys.stdout.flush()
    os.environ["PYTHONUTF8"] = "1"
    os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


def open_closed_streams() -> None:
    """Open the null device where stdin, stdout or stderr is closed, as a scheduler may start us.

    Python has None for such a stream, and the next file that is opened gets its number.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            if descriptor != number:
                os.dup2(descriptor, number)
                os.close(descriptor)
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", closefd=False))
