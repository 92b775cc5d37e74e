"""The wheel: built from this tree, installed into an empty environment, and used outside the tree.

Nothing is downloaded. What Ringtape depends on is taken from the environment of the tests, of which
the new one gets the folder and nothing more: not the checkout that is installed there.
"""

import json
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

import pytest

from pipeline.results.folder import RunFolder
from tests.golden.pins import pinned
from tests.reference.own_process import ROOT, environment

#: Folders of the tree, and where the wheel has them.
SHIPPED = {"shm": "shm", "pipeline": "pipeline", "config": "pipeline/examples_config"}
RESULTS = {
    *("fills.parquet", "orders.parquet", "round_trips.parquet", "equity.parquet"),
    *("sessions.parquet", "summary.json", "performance.txt"),
}


class Installed(NamedTuple):
    """An environment with the wheel: its folder of commands and its folder of packages."""

    commands: Path
    packages: Path


def called(*command: str | Path, cwd: Path) -> str:
    """Call a command as a user would who has nothing of this tree; return what it prints."""
    own = ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME")
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment(**dict.fromkeys(own)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    called(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("environment")
    called(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    python = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    called(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel, cwd=folder)
    asked = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(called(python, "-c", asked, cwd=folder).strip())
    # A folder that such a file names is searched, but its own .pth files are not read: the
    # checkout that is installed in the environment of the tests stays out.
    others = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (packages / "dependencies.pth").write_text("\n".join(sorted(others)) + "\n")
    return Installed(folder / "bin", packages)


def sources() -> Iterator[tuple[str, Path]]:
    """Give the files of the tree that the wheel must have, each with its name there."""
    for folder, place in SHIPPED.items():
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield f"{place}/{path.relative_to(ROOT / folder).as_posix()}", path


def test_the_wheel_has_the_packages_the_examples_and_the_licence_and_nothing_else(wheel: Path):
    with ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        described = {name.partition(".dist-info/")[2] for name in archive.namelist()} - {""}
        expected = dict(sources())
        assert names == expected.keys()
        assert [n for n in names if archive.read(n) != expected[n].read_bytes()] == []
    assert {"METADATA", "RECORD", "entry_points.txt", "licenses/LICENSE"} <= described


def test_the_demo_runs_from_the_wheel_outside_the_tree(installed: Installed, tmp_path: Path):
    where = "import pipeline, shm; print(pipeline.__file__, shm.__file__, sep='\\n')"
    found = called(installed.commands / "python", "-c", where, cwd=tmp_path).splitlines()
    assert all(Path(file).is_relative_to(installed.packages) for file in found)
    summary = json.loads(called(installed.commands / "ringtape", "demo", "--json", cwd=tmp_path))
    folder = tmp_path / summary["run_dir"]
    assert {path.name for path in folder.iterdir()} >= RESULTS
    assert RunFolder.open(folder).table("fills").num_rows == summary["lanes"][0]["fills"]
    assert summary["digest"] == pinned()["examples"]["demo.json"]["digest"]


def test_the_command_line_knows_its_version(installed: Installed, wheel: Path, tmp_path: Path):
    version = wheel.name.split("-")[1]
    assert called(installed.commands / "ringtape", "--version", cwd=tmp_path) == (
        f"ringtape {version}\n"
    )
