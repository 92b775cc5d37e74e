"""What the fork server imports, so that the processes it forks find it done.

The compiler is made ready here, too: half a second's work that each process would do by itself.
"""

from pipeline.native.compiler import get_ready

get_ready()
