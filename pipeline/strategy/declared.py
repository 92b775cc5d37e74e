"""A state as a strategy class declares it, and what a hook that sets it leaves there."""

import inspect
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from pipeline.errors import StrategyError

_KINDS = {kind.__name__: kind for kind in (float, int, bool)}


@dataclass(frozen=True, slots=True)
class State:
    """The initial value of a state attribute, and when it is put back to it."""

    initial: int | float | bool
    reset: Literal["never", "session"]

    def __set_name__(self, owner: type, name: str) -> None:
        """Have a state hold a number of Python's, of the type that it is annotated with."""
        with suppress(NameError):  # of another annotation, which `Strategy` tells of
            written = inspect.get_annotations(owner).get(name)
            kind = _KINDS.get(written) if isinstance(written, str) else written
            if kind in _KINDS.values():
                setattr(owner, name, KeptState(self.initial, self.reset, name, kind))


@dataclass(frozen=True, slots=True)
class KeptState(State):
    """A state of type ``kind`` that becomes, when it is set, what a compiled one does.

    It is found before the value in the attributes of ``self`` only where it is set, because it has
    no ``__get__``: reading it takes no longer than reading any attribute.
    """

    name: str
    kind: Any

    def __set__(self, one: Any, value: Any) -> None:
        if type(value) is not self.kind:
            value = _as(self.kind, value)
        one.__dict__[self.name] = value  # sooner than vars()


def _as(kind: Any, value: Any) -> Any:
    """Return a whole number or a bool as one of a kind, and a number of NumPy's as Python's.

    What else does not fit is returned as it is; `lane.copies` refuses it.
    """
    if isinstance(value, np.generic):
        value = value.item()
    return kind(value) if isinstance(value, int) else value


def state(initial: float | bool = 0.0, *, reset: Literal["never", "session"] = "never") -> Any:
    """Make an annotated attribute memory instead of a parameter.

    As in ``entry: float = state(0.0)``: one value per lane and symbol. ``reset="session"`` puts it
    back to ``initial`` when a session opens, before ``on_session_open``.
    """
    if reset not in ("never", "session"):
        raise StrategyError(f'state(reset=...) must be "never" or "session", was {reset!r}')
    return State(initial, reset)
