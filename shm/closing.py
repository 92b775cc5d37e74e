"""What every object of this package that has to be closed does in a `with` statement."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from shm.errors import ViewsInUse


class Closing(ABC):
    """A base for what has `close()`: `with` closes it.

    Where the block ends with an error, views that are still in use do not hide it: the frames of
    its traceback may be what holds them.
    """

    __slots__ = ()

    @abstractmethod
    def close(self) -> None:
        """Free what it holds; closing again does nothing."""

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
