"""`--data` and `--strategy` in place of a configuration."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import run
from tests.cli.conftest import Ended
from tests.market.given.forms import bars

SPACE = ("--set", "sweep.space.fast=[2,3]")
STRATEGY = "pipeline.strategy.examples:SmaCross"


Called = Callable[..., Ended]


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    path = tmp_path / "prices.csv"
    bars(240).to_csv(path)
    return path


def test_a_run_on_a_file_is_that_of_python(called: Called, prices: Path, tmp_path: Path):
    words = ("run", "--data", str(prices), "--strategy", STRATEGY, "--symbol", "X", "--json")
    done = called(*words, "--set", "trading_config.initial_cash=500", "--out", str(tmp_path))
    summary = json.loads(done.out)
    own = run(
        strategy=STRATEGY, data=prices, symbol="X", initial_cash=500, out=tmp_path, progress=False
    )
    assert summary["digest"] == own.digest
    assert summary["inferred"] == own.summary["inferred"]
    assert list(summary["inferred"]) == ["symbols", "interval", "calendar", "dates"]


def test_a_sweep_takes_data_too(called: Called, prices: Path, tmp_path: Path):
    words = ("sweep", "--data", str(prices), "--strategy", STRATEGY, "--out", str(tmp_path))
    done = called(*words, "--set", "sweep.space.fast=[2,3]", "--set", "sweep.best=0")
    assert "inferred      symbols: DATA" in done.out
    assert "sets          2 by grid" in done.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "there is neither a configuration nor data: give the path of a JSON or TOML file"),
        (("--strategy", STRATEGY), "there is neither a configuration nor data"),
        (("--data", "x.csv"), "there is no strategy: name one with --strategy FILE:CLASS"),
        (("--tz", "UTC", "x.json"), "--tz says how data are read: give them with --data PATH"),
        (("--scale", "0", "x.json"), "--scale says how data are read"),
        (
            ("--data", "price.csv", "--strategy", STRATEGY),
            "there is no file or folder price.csv; did you mean prices.csv?",
        ),
        (
            (*("--data", "prices.csv", "--strategy", "mine.py:SmaCross"), *SPACE),
            "strategy file mine.py does not exist",
        ),
    ],
)
@pytest.mark.parametrize("command", ["run", "sweep"])
def test_what_is_typed_wrong_is_one_line(
    called: Called,
    prices: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    words: tuple[str, ...],
    told: str,
):
    monkeypatch.chdir(prices.parent)
    code, out, error = called(command, *words)
    assert (code, out) == (2, "")
    assert error.startswith(f"ringtape: error: {told}")
    assert error.count("\n") == 1
    assert [one.name for one in prices.parent.iterdir()] == ["prices.csv"]


def test_refusals_name_the_options_of_a_command(called: Called, tmp_path: Path):
    bars(240).tz_localize(None).to_csv(tmp_path / "naive.csv")
    done = called("run", "--data", str(tmp_path / "naive.csv"), "--strategy", STRATEGY)
    assert done.code == 2
    assert "the times name no zone; give the zone of its times with --tz, such as" in done.err
