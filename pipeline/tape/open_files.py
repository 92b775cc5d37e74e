"""Room for the files that a run keeps open: one for each symbol, besides those of the process."""

from typing import Final

from pipeline.errors import ConfigError

_OTHERS: Final = 32
"""Files that a process of a run opens besides: libraries, shared memory, pipes, results."""


def allow_open_files(symbols: int) -> None:
    """Let this process, and those that it starts, open a file for each of so many symbols.

    The system's limit is raised as far as need be and as it may be. ConfigError, with the number
    and the way to allow it, if that is not enough.
    """
    try:
        import resource
    except ImportError:
        return  # Windows has no such limit
    needed = symbols + _OTHERS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= needed or soft == resource.RLIM_INFINITY:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise ConfigError(
            f"a run keeps a file of each symbol open: with {symbols:,} it needs {needed:,} open "
            f"files, but a process may have {hard:,}: allow more (`ulimit -n {needed}`, or nofile "
            "in limits.conf), or run fewer symbols at once"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
