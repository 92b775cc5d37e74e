"""The module that the fork server imports, so that the processes it forks need not.

It also makes the compiler ready, which would take each of them half a second. All this takes less
time than the supervisor needs to read its configuration.
"""

from pipeline.native.compiler import get_ready
from pipeline.stages import engine, jobs, member, processor

__all__ = ["engine", "jobs", "member", "processor"]

get_ready()
