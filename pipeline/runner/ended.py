"""How a member of a run has ended: by an error that it has reported, or without one."""

from typing import Any

from pipeline import errors
from pipeline.errors import RunError
from pipeline.runner.fork_server import NO_SERVER, WITHOUT, dead_server, ended_by
from shm.control import MemberSnapshot


def reported_error(member: MemberSnapshot) -> errors.RingtapeError:
    """Return the error that a member wrote into its cell, as an error of its class.

    What has led to a RunError may be a defect of ours, so Python shows its traceback as a note.
    """
    name, _, text = member.error.partition("\n")
    line, _, trace = text.partition("\n")
    kind = getattr(errors, name, RunError)
    found: errors.RingtapeError = kind(line if kind is not RunError else f"{member.role}: {line}")
    found.trace = trace
    if trace and kind is RunError:
        found.add_note(trace)
    return found


def ended_without(role: str, process: Any) -> str:
    """Say how a member has ended that has reported no error."""
    code = process.exitcode
    if code == NO_SERVER and (server := dead_server()):
        return f"{server}; {WITHOUT}"
    if code < 0:
        return f"{role} (pid {process.pid}) was {ended_by(-code)}; it reported no error"
    return f"{role} (pid {process.pid}) ended with exit code {code}; it reported no error"
