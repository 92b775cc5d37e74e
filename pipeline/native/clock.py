"""The monotonic clock for compiled code: the one that Python's ``time.monotonic_ns`` reads."""

import time
from collections.abc import Callable

from pipeline.native.memory import Operation
from pipeline.native.plain import PLAIN

#: () -> ns since some moment in the past. It takes a twentieth of a microsecond.
monotonic_ns: Callable[[], int] = time.monotonic_ns if PLAIN else Operation("monotonic_ns")
