"""Whose code a file or module is: the user's, a library's or Ringtape's own.

Only the user's code is followed: that of a library changes with its version, and Ringtape's sources
are hashed as a whole.
"""

import site
import sys
import sysconfig
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

_ENGINE = Path(__file__).parents[1]
#: The folders of Ringtape's own packages.
ENGINE_FOLDERS = (_ENGINE, _ENGINE.parent / "shm")


def file_of(module: ModuleType | None) -> Path | None:
    """Return the file of a module that other processes can import by name; None without one."""
    file = getattr(module, "__file__", None)
    if module is None or module.__name__ == "__main__" or not file:
        return None
    path = Path(file).resolve()
    return path if path.is_file() else None


def is_users(module: ModuleType | None) -> bool:
    """Whether a module belongs neither to a library nor to Ringtape.

    A module without a file is the user's unless it is built into Python. An unknown module, None,
    is the user's.
    """
    if module is None or module.__name__ == "__main__":
        return True
    file = getattr(module, "__file__", None)
    if not file:
        return module.__name__.partition(".")[0] not in sys.stdlib_module_names
    return is_users_file(file)


def is_users_object(value: Any) -> bool:
    """Whether a value is an object of a class of the user's; a class or a module is none."""
    if isinstance(value, type | ModuleType):
        return False
    return is_users(sys.modules.get(str(type(value).__module__)))


@cache
def is_users_file(file: str) -> bool:
    """Whether a file, or a name such as ``<string>`` in its place, belongs to the user."""
    if file.startswith("<"):
        return not file.startswith("<frozen")
    path = Path(file).resolve()
    return not is_library(path) and not is_engine(path)


def is_library(path: Path) -> bool:
    """Whether a resolved path lies in a folder of Python's libraries."""
    return any(path.is_relative_to(folder) for folder in _library_folders())


def is_engine(path: Path) -> bool:
    """Whether a resolved path lies in one of `ENGINE_FOLDERS`."""
    return any(path.is_relative_to(folder) for folder in ENGINE_FOLDERS)


@cache
def _library_folders() -> tuple[Path, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    folders = [sysconfig.get_path(name) for name in names]
    folders += [*site.getsitepackages(), site.getusersitepackages()]
    # Those of another environment that this one takes in, by PYTHONPATH or by a .pth file.
    folders += [one for one in sys.path if Path(one).name in ("site-packages", "dist-packages")]
    return tuple({Path(folder).resolve() for folder in folders})
