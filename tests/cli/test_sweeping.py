import json
import math
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipeline.config.examples import example_path
from pipeline.errors import RunError
from pipeline.sweeps import progress_line
from tests.cli.conftest import Ended

Called = Callable[..., Ended]


@pytest.fixture(autouse=True)
def _no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a sweep takes long enough to tell its progress on stderr."""
    monkeypatch.setattr(progress_line, "_EVERY_SECONDS", math.inf)


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
    assert ", 2024-11-25 to 2024-12-02; 252 sessions a year (XNYS)\n" in out
    lines = out.splitlines()
    header = lines.index("best by total_return") + 1
    assert lines[header].split() == [
        *("fast", "slow", "quantity"),
        *("total_return", "sharpe_ratio", "max_drawdown", "round_trips", "open_profit"),
    ]
    returns = [line.split()[3:5] for line in lines[header + 1 : header + 8]]
    assert {unit for _, unit in returns} == {"%"}
    values = [float(value) for value, _ in returns]
    assert values == sorted(values, reverse=True)
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


@pytest.fixture
def failing(called: Called, settings: Path) -> Callable[[str], Ended]:
    """Sweep a strategy that raises where its parameter is above 1, over such values."""
    (settings.parent / "bad.py").write_text(
        "from pipeline import Strategy\n\n\nclass Bad(Strategy):\n    fast: int = 1\n\n"
        "    def on_bar(self, bar, ctx):\n        if self.fast > 1:\n"
        "            raise ValueError('no')\n"
    )
    return lambda values: called(
        *("sweep", str(settings), "--set", 'strategy={"name":"bad.py:Bad"}'),
        *("--set", f'sweep.space={{"fast":{values}}}', "--set", "sweep.constraints=[]"),
    )


def test_the_exit_code_is_1_when_no_set_comes_to_its_end(failing: Callable[[str], Ended]):
    code, out, err = failing("[2,3]")
    assert code == 1
    assert "no set has a total_return" in out
    (line,) = (line for line in out.splitlines() if line.startswith("failed: fast 2: "))
    assert "bad.py:9: Bad.on_bar raised ValueError: no" in line
    assert err.startswith("ringtape: error: all 2 sets failed, the first: ")
    assert err.count("\n") == 1


def test_sets_that_fail_beside_others_are_told_at_the_end(failing: Callable[[str], Ended]):
    code, out, err = failing("[1,2,3,4,5,6,7]")
    assert (code, err) == (0, "")
    assert "sets          7 by grid, 6 failed" in out
    *failed, more = out.splitlines()[-6:]
    assert [line.split(":")[1] for line in failed] == [f" fast {n}" for n in range(2, 7)]
    assert more.startswith("and 1 more: ringtape ledger runs/ledger --sweep six-")
    assert more.endswith(' --where "state = failed"')


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (KeyboardInterrupt(), 130, "interrupted; what is done is kept"),
        (RunError("the coordinator died"), 1, "error: the coordinator died; what is done is kept"),
    ],
)
def test_what_ends_a_sweep_says_what_is_kept(
    called: Called, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, told: str
):
    def sweep(*_: Any, **__: Any) -> None:
        error.add_note("Traceback\nof a member")
        error.add_note("what is done is kept")
        raise error

    stub = ModuleType("pipeline.sweeps.sweep")
    stub.sweep = sweep  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pipeline.sweeps.sweep", stub)
    monkeypatch.setattr("pipeline.cli.data_options.checked", lambda *_, **__: None)
    assert called("sweep", "c.json") == (code, "", f"ringtape: {told}\n")


def test_the_example_runs_on_the_sample(called: Called, sample: Path):
    options = ("--set", f"catalog={sample}", "--set", "sweep.best=0", "--json")
    summary = json.loads(called("sweep", str(example_path("sweep.json")), *options).out)
    assert (summary["lanes"], summary["done"], summary["details"]) == (172, 172, [])


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (["--engines", "0"], "0 is not in the range 1<=x<=64"),
        (["--engins", "2"], "there is no option --engins; did you mean --engines?"),
        (["--set", "sweep.space.fats=[1]"], "sweep.space.fats is not a parameter of SmaCross"),
        (["--set", "sweep.space={}"], "sweep.space is empty"),
        (["--set", 'sweep.constraints=["fast<<slow"]'], "fast << slow is something else"),
        (["--set", 'sweep.constraints=["fast > 500"]'], "exclude all of the 9 sets"),
        (["--set", "sweep.score=sharp"], "expected a figure such as"),
        (["--set", "sweep.score=alpha"], 'sweep.score is "alpha", expected a figure that needs no'),
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
