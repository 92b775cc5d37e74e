"""What makes a checkout a product: metadata, markers, the check script."""

import os
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUN_COMMAND = "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/ringtape demo"
TEST_COMMAND = "python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && .venv/bin/pytest"


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("package", ["shm", "pipeline"])
def test_both_packages_say_that_they_are_typed(package):
    assert (ROOT / package / "__init__.py").is_file()
    assert (ROOT / package / "py.typed").is_file()


@pytest.mark.parametrize("package", ["shm", "pipeline"])
def test_every_folder_of_sources_is_a_package(package):
    """A folder without __init__.py is importable from a checkout by luck alone."""
    folders = {path.parent for path in (ROOT / package).rglob("*.py")}
    assert all((folder / "__init__.py").is_file() for folder in folders)


def test_tests_are_no_packages():
    """A package tests/shm would hide the package shm."""
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_the_console_script_names_a_function_of_the_command_line(project):
    assert project["project"]["scripts"] == {"ringtape": "pipeline.cli:main"}


def test_the_readme_gives_the_two_commands():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert RUN_COMMAND in readme
    assert TEST_COMMAND in readme


def test_the_check_script_runs_the_test_command_and_names_no_registry():
    script = ROOT / ".ci" / "run"
    text = script.read_text(encoding="utf-8")
    assert os.access(script, os.X_OK)
    assert TEST_COMMAND in text
    assert "://" not in text
    assert "index-url" not in text


def test_examples_are_shipped_where_they_are_looked_for(project):
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"] == ["shm", "pipeline"]
    assert wheel["force-include"] == {"config": "pipeline/examples_config"}


def test_the_licence_is_apache(project):
    assert project["project"]["license"] == "Apache-2.0"
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
