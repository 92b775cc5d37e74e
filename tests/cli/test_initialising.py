"""`ringtape init`: the configuration that it writes can be run at once."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Ended
from tests.market.given.forms import bars

Called = Callable[..., Ended]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    bars(240).to_csv(tmp_path / "prices.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_file_is_imported_and_its_configuration_runs(called: Called, folder: Path):
    done = called("init", "prices.csv", "--symbol", "X")
    assert done.code == 0
    assert done.out.splitlines()[0] == "wrote ringtape.toml, inferred from catalog/prices:"
    assert done.out.splitlines()[-1] == "run it: ringtape run ringtape.toml"
    written = tomllib.loads((folder / "ringtape.toml").read_text())
    data = written["session_data_config"]
    assert (data["symbols"], data["streams"]) == (["X"], ["1m"])
    assert written["catalog"] == "catalog/prices"
    summary = json.loads(called("run", "ringtape.toml", "--json").out)
    assert summary["bars"] == 240


def test_a_catalog_is_named_as_it_is(called: Called, sample: Path, folder: Path):
    words = ("init", str(sample), "--out", "own.toml", "--strategy", "mine.py:Mine", "--json")
    document = json.loads(called(*words).out)
    assert document["catalog"] == str(sample)
    written = tomllib.loads((folder / "own.toml").read_text())
    assert written["strategy"] == {"name": "mine.py:Mine"}
    assert written["exchange_group"] == "US_EQUITY"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("price.csv",), "there is no file or folder price.csv; did you mean prices.csv?"),
        (("prices.csv", "--out", "a.json"), "--out is a.json, expected a file that ends in .toml"),
        (("prices.csv", "--tz", "Mars"), "time zone must be a name such as"),
        (("prices.csv", "--strategy", "mine"), 'strategy.name is "mine", expected'),
    ],
)
def test_what_is_wrong_is_one_line(called: Called, folder: Path, words: tuple[str, ...], told: str):
    code, out, error = called("init", *words)
    assert (code, out) == (2, "")
    assert error.startswith(f"ringtape: error: {told}")
    assert not (folder / "ringtape.toml").exists()


def test_a_file_that_is_there_stays(called: Called, folder: Path):
    (folder / "ringtape.toml").write_text("mine")
    done = called("init", "prices.csv")
    assert (done.code, (folder / "ringtape.toml").read_text()) == (2, "mine")
    assert "ringtape.toml is there already; --out names another file" in done.err
