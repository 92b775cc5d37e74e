"""What a supervisor does for those who steer its run or sweep from outside (`shm.command`)."""

from pipeline.errors import StoppedError
from pipeline.results.report.figures import many
from shm.command import CommandPage


def steered_note(commands: int, stood_ns: int) -> list[str]:
    """Say that a run or sweep was steered, and for how long it stood still; nothing if neither."""
    if not commands:
        return []
    still = (
        f" It stood still for {stood_ns / 1e9:,.1f} s, which its seconds count." if stood_ns else ""
    )
    return [f"`ringtape control` steered it, by {many(commands, 'command')}.{still}"]


def end_stopped(command: CommandPage | None) -> None:
    """Raise StoppedError if somebody wants the run to end; without a page nobody can."""
    if command is not None and (pid := command.stopped_by):
        raise StoppedError(f"stopped by ringtape control (process {pid})")


def stands_still(command: CommandPage | None) -> bool:
    """Whether the run stands still because somebody has paused it."""
    return command is not None and command.paused
