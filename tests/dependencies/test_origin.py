"""Which files and modules are the user's."""

import sys
import sysconfig
from pathlib import Path
from types import ModuleType

from pipeline.dependencies.origin import file_of, is_engine, is_library, is_users, is_users_file


def test_modules_are_of_the_user_unless_they_are_libraries_or_ringtape():
    import numpy as np

    import pipeline.strategy.examples

    here = sys.modules[__name__]
    assert is_users(here)
    assert is_users(ModuleType("made"))
    assert is_users(ModuleType("__main__"))
    assert is_users(None)
    assert not any(map(is_users, (np, sys, pipeline.strategy.examples, sys.modules["os"])))
    assert file_of(here) == Path(__file__)
    assert file_of(ModuleType("made")) is None
    assert file_of(sys.modules["__main__"]) is None


def test_files_are_a_librarys_by_their_folder_and_names_in_brackets_the_users():
    site = Path(sysconfig.get_path("purelib"))
    assert is_library(site / "any" / "module.py")
    assert is_engine(Path(is_library.__code__.co_filename).resolve())
    assert not is_users_file(str(site / "any.py"))
    assert not is_users_file("<frozen importlib._bootstrap>")
    assert all(map(is_users_file, ("<string>", "<ipython-input-1>", __file__)))
