"""The base of all objects of this package that must be closed."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from shm.errors import ViewsInUse


class Closing(ABC):
    """An object that is closed at the end of a `with` block.

    If the block ends with an error, that error is raised, even if closing is refused because views
    are in use: the frames of the error's traceback may hold these views.
    """

    __slots__ = ()

    @abstractmethod
    def close(self) -> None:
        """Free all that the object holds. Closing again does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except ViewsInUse:
            if error is None:
                raise
