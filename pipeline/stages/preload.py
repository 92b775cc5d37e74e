"""What the fork server imports, so that the processes it forks find it done.

The compiler is made ready here, too: half a second's work that each process would do by itself. The
supervisor takes longer to read its configuration than this takes.
"""

from pipeline.native.compiler import get_ready
from pipeline.stages import engine, jobs, member, processor

__all__ = ["engine", "jobs", "member", "processor"]

get_ready()
