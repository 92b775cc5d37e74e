"""Results that say which names they have when they are asked for another."""

import types
from collections.abc import Mapping
from typing import Any, NoReturn

from pipeline.strategy.wrong_name import no_such_name


class Named(dict[str, Any]):
    """A mapping from names to values. ``owner``: what messages call it.

    ``others``: mappings in which a name may be that is not in this one, by what to write for them.
    """

    def __init__(
        self,
        owner: str,
        values: Mapping[str, Any],
        others: Mapping[str, Mapping[str, Any]] = types.MappingProxyType({}),
    ) -> None:
        super().__init__(values)
        self._owner = owner
        self._others = others

    def __missing__(self, name: str) -> NoReturn:
        for other, values in self._others.items():
            if name in values:
                raise KeyError(f'{self._owner} has no {name!r}; write {other}["{name}"]')
        raise KeyError(no_such_name(self._owner, name, self))

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__} has no {name!r}")
        known = self._others if name not in self else {f"result.{self._owner}": self}
        for other, values in known.items():
            if name in values:
                raise AttributeError(f'names are in brackets here; write {other}["{name}"]')
        raise AttributeError(no_such_name(self._owner, name, self))

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)  # of a copy or another process's, Python's own words do


class NamedAttributes:
    """A class whose objects say which attributes there are when asked for another."""

    def __getattr__(self, name: str) -> NoReturn:
        # Python calls it only for what is not there, or for a property that raises AttributeError.
        own = [one for one in (*dir(type(self)), *vars(self)) if not one.startswith("_")]
        if name.startswith("_") or name in own:
            raise AttributeError(f"{type(self).__name__} has no {name!r}")
        for other, values in self._elsewhere().items():
            if name in values:
                raise AttributeError(f'result has no {name!r}; write {other}["{name}"]')
        raise AttributeError(no_such_name("result", name, own))

    def _elsewhere(self) -> Mapping[str, Mapping[str, Any]]:
        """Return mappings in which a name may be, by what to write for them."""
        return {}
