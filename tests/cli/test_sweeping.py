import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Ended

Called = Callable[..., Ended]


@pytest.fixture
def settings(sample: Path, tmp_path: Path) -> Path:
    """A sweep of six sets over four sessions; its file."""
    path = tmp_path / "sweep.json"
    document: Mapping[str, Any] = {
        "session_name": "six",
        "backtest_config": {"start_date": "2024-11-25", "end_date": "2024-12-02"},
        "session_data_config": {"symbols": ["ALFA"]},
        "strategy": {"name": "pipeline.strategy.examples:SmaCross"},
        "catalog": str(sample),
        "sweep": {
            "space": {"fast": [5, 10, 40], "slow": {"from": 20, "to": 60, "step": 20}},
            "constraints": ["fast < slow"],
            "score": "total_return",
            "best": 1,
        },
    }
    path.write_text(json.dumps(document))
    return path


def test_text_says_how_many_how_fast_and_which_are_best(called: Called, settings: Path):
    code, out, err = called("sweep", str(settings), "--engines", "1")
    assert (code, err) == (0, "")
    assert "sets          7 by grid" in out
    assert "on 1 engine\n" in out
    lines = out.splitlines()
    header = next(place for place, line in enumerate(lines) if "slow" in line)
    assert lines[header].split()[:3] == ["fast", "slow", "quantity"]
    assert [line.split()[0] for line in lines[header + 1 : header + 8]] == list("1234567")
    report = next(line.split()[-1] for line in out.splitlines() if line.startswith("report"))
    assert (settings.parent / report).is_file()


def test_json_is_one_document_with_what_machines_want(called: Called, settings: Path):
    code, out, err = called("sweep", str(settings), "--json")
    assert (code, err) == (0, "")
    summary = json.loads(out)
    assert (summary["lanes"], summary["failed"]) == (7, 0)
    assert summary["evaluations"] == summary["bars"] * summary["lanes"]
    assert summary["best"]["score"] == summary["ranked"][0]["score"]
    assert summary["evaluations_per_second"] > 0
    assert summary["peak_memory_bytes"] > 0
    assert Path(summary["ledger"]) == Path("runs/ledger")


def test_resume_runs_nothing_again_also_from_a_ledger_elsewhere(called: Called, settings: Path):
    first = json.loads(called("sweep", str(settings), "--ledger", "known", "--json").out)
    again = json.loads(
        called("sweep", str(settings), "--ledger", "known", "--resume", "--json").out
    )
    assert (first["resumed"], again["resumed"], again["passes"]) == (0, 7, 0)
    assert again["best"] == first["best"]


def test_the_exit_code_is_1_when_no_set_comes_to_its_end(called: Called, settings: Path):
    (settings.parent / "bad.py").write_text(
        "from pipeline import Strategy\n\n\nclass Bad(Strategy):\n    fast: int = 1\n\n"
        "    def on_bar(self, bar, ctx):\n        raise ValueError('no')\n"
    )
    code, out, _ = called(
        *("sweep", str(settings), "--set", 'strategy={"name":"bad.py:Bad"}'),
        *("--set", 'sweep.space={"fast":[1,2]}', "--set", "sweep.constraints=[]"),
    )
    assert code == 1
    assert "failed: fast=1: " in out
    assert "bad.py:8: Bad.on_bar raised ValueError: no" in out


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (["--engines", "0"], "0 is not in the range 1<=x<=64"),
        (["--engins", "2"], "Did you mean '--engines'?"),
        (["--set", "sweep.space.fats=[1]"], "sweep.space.fats is not a parameter of SmaCross"),
        (["--set", "sweep.space={}"], "sweep.space is empty"),
        (["--set", 'sweep.constraints=["fast<<slow"]'], "fast << slow is something else"),
        (["--set", 'sweep.constraints=["fast > 500"]'], "exclude all of the 9 sets"),
        (["--set", "sweep.score=sharp"], "expected a figure such as"),
        (["--set", "sweep=null"], 'there is no section "sweep"'),
    ],
)
def test_what_is_typed_wrong_is_one_line(
    called: Called, settings: Path, wrong: list[str], told: str
):
    code, out, err = called("sweep", str(settings), *wrong)
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1
