"""Watches what the lanes of a process share, while their hooks are called.

`strategy.shared` refuses the changes that a source shows. A hook may come to a list of its module
by another way: a second name for it, a method of an object, a function of a library. So what lies
in the modules and classes is looked at again and again, and at the end once more.
"""

import math
import time
from collections.abc import Iterable

from pipeline.dependencies.contents import Contents
from pipeline.errors import StrategyError
from pipeline.strategy.shared import refusal_of_change
from pipeline.strategy.strategy import Strategy

#: How long looks may take at most, as a share of the time.
_SHARE = 0.01


class SharedValues:
    """What interpreted strategies of some classes find in their modules and classes."""

    def __init__(self, classes: Iterable[type[Strategy]]) -> None:
        self._classes = tuple(classes)
        self._contents = Contents(self._classes)
        # The first lane may make what others then change, such as a list that a cache keeps. So it
        # is looked at when that lane has walked its first slot.
        self._next = 0.0 if self._classes else math.inf

    def check_at_times(self) -> None:
        """Check, if no more than a hundredth of the time goes into it."""
        if time.perf_counter() >= self._next:
            self.check()

    def check(self) -> None:
        """Raise StrategyError if anything is no longer as it was, but for what is never read."""
        if not self._classes:
            return
        began = time.perf_counter()
        for place, value in self._contents.changed():
            sentence = refusal_of_change(self._classes, place, value)
            if sentence:
                raise StrategyError(sentence)
        now = time.perf_counter()
        self._next = now + (now - began) / _SHARE
