"""`ringtape importers`, and a package with an importer that is installed, used and removed."""

import json
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.market.catalog.catalog import Catalog
from tests.market.importers.registry.declared import BARS, PACKAGES, declare
from tests.reference.own_process import ROOT, environment


class Place:
    """An environment of its own, which has what the tests have, and packages of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._called(sys.executable, "-m", "venv", "--without-pip", folder / "environment")
        self.python = folder / "environment" / "bin" / "python"
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        packages = folder / "environment" / "lib" / version / "site-packages"
        others = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), str(ROOT)}
        (packages / "others.pth").write_text("\n".join(sorted(others)) + "\n")

    def _called(self, *command: str | Path) -> "subprocess.CompletedProcess[str]":
        own = ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME")
        return subprocess.run(
            [str(part) for part in command],
            cwd=self.folder,
            env=environment(**dict.fromkeys(own)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def pip(self, *args: str | Path) -> None:
        done = self._called(self.python, "-m", "pip", "--disable-pip-version-check", *args)
        assert done.returncode == 0, done.stderr

    def install(self, *names: str) -> None:
        """Build packages of these tests and install them, without any index."""
        for name in names:
            shutil.copytree(PACKAGES / name, self.folder / name)
        offline = ("--no-index", "--no-deps", "--no-build-isolation", "--quiet")
        self.pip("install", *offline, *(self.folder / name for name in names))

    def ringtape(self, *args: str) -> "subprocess.CompletedProcess[str]":
        return self._called(self.python, "-m", "pipeline.cli", *args)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    place = Place(tmp_path_factory.mktemp("place"))
    place.install("plugin_package", "plugin_broken")
    (place.folder / "february.bars").write_text(BARS)
    return place


def test_a_package_is_installed_used_and_removed(place: Place):
    listed = place.ringtape("importers")
    assert (listed.returncode, listed.stderr) == (0, "")
    lines = [line.split() for line in listed.stdout.splitlines()]
    assert ["acme", "ringtape-acme", "0.1", ".bars"] in lines
    assert ["fails", "ringtape-broken", "0.2", ".bars", ".txt"] in lines
    assert "gone of ringtape-broken 0.2 cannot be used: there is no module ringtape_gone." in (
        listed.stdout
    )

    done = place.ringtape("import", "february.bars", "--catalog", "made")
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        "layout acme; clock America/Chicago (by the importer; --tz says otherwise)" in done.stdout
    )
    assert "The importer 'fails' of ringtape-broken 0.2" in done.stdout
    assert Catalog(place.folder / "made").load("MSFT", "1m")["close"].to_pylist() == [
        100.5,
        101,
        101,
    ]

    failed = place.ringtape("importers", "fails")
    assert (failed.returncode, failed.stdout) == (2, "")
    assert failed.stderr == (
        "ringtape: error: the importer 'fails' of ringtape-broken 0.2 (ringtape_broken:IMPORTER) "
        "cannot be used: ValueError: no licence found\n"
    )

    place.pip("uninstall", "--quiet", "--yes", "ringtape-acme", "ringtape-broken")
    gone = place.ringtape("import", "february.bars", "--catalog", "made", "--layout", "acme")
    assert (gone.returncode, gone.stdout) == (2, "")
    assert "there is no layout 'acme', expected one of alpaca, arrow, " in gone.stderr
    assert "other packages may have importers, which `ringtape importers` lists" in gone.stderr


def test_the_list_has_ringtapes_own_with_their_conventions(called):
    header, *rows = called("importers").out.splitlines()
    assert header.split() == [
        *("importer", "package", "clock", "stamped", "adjusted", "without", "trades", "endings")
    ]
    kraken = next(row for row in rows if row.startswith("kraken"))
    assert kraken.split("  ")[0] == "kraken"
    assert kraken.split()[1:] == ["ringtape", "the", "file's", "open", "no", "no", "bars"]
    document = json.loads(called("importers", "--json").out)
    found = {one["name"]: one for one in document["importers"]}
    assert found["kraken"]["conventions"] == {
        "clock": "the file's",
        "stamped": "open",
        "adjusted": "no",
        "empty_bars": False,
    }


def test_one_is_shown_with_its_signs(called):
    shown = called("importers", "databento").out
    assert "endings         .csv .dbn .dbn.zst" in shown.splitlines()
    assert "known by        a header with ts_event, rtype and publisher_id, or the first" in shown


def test_one_of_another_package_is_imported_and_shown(called, tmp_path, monkeypatch):
    points = {"acme.bars": "ringtape_acme:IMPORTER"}
    modules = {"ringtape_acme": (PACKAGES / "plugin_package/ringtape_acme.py").read_text()}
    declare(tmp_path, monkeypatch, "ringtape-acme", points, modules)
    listed = called("importers").out
    assert listed.endswith("`ringtape importers acme` imports one and shows the rest.\n")
    lines = [line.split(maxsplit=1) for line in called("importers", "acme").out.splitlines()]
    assert ["clock", "America/Chicago"] in lines
    assert ["object", "ringtape_acme:IMPORTER"] in lines
    document = json.loads(called("importers", "acme", "--json").out)
    assert (document["version"], document["endings"]) == ("0.1", [".bars"])
    assert document["conventions"]["stamped"] == "close"


def test_a_name_of_none_is_refused_with_the_nearest_one(called):
    done = called("importers", "kracken")
    assert (done.code, done.out) == (2, "")
    assert "there is no importer 'kracken'; did you mean kraken?" in done.err
