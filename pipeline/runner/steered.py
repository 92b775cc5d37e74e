"""What the supervisor does with a run that is steered from outside: it ends it where it is told."""

from pipeline.errors import StoppedError
from shm.command import CommandPage

#: What a progress line says of a run that stands still.
PAUSED = "paused by ringtape control"


def end_stopped(command: CommandPage | None) -> None:
    """Raise StoppedError if somebody wants the run to end; without a page nobody can."""
    if command is not None and (pid := command.stopped_by):
        raise StoppedError(f"stopped by ringtape control (process {pid})")


def stands_still(command: CommandPage | None) -> bool:
    """Whether the run stands still because somebody has paused it."""
    return command is not None and command.paused
