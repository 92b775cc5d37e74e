"""The notebook for the first hour, and strategies of a notebook on data from memory."""

import html
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

import pipeline.strategy
from tests.reference.own_process import environment, python

NOTEBOOK = Path(pipeline.strategy.__file__).parent / "first_hour.ipynb"
GIVEN = """
from backtesting.test import GOOG
from pipeline import Strategy, indicators as ind, run

class Cross(Strategy):
    fast: int = 10

    def indicators(self):
        return {"average": ind.sma(self.fast)}

    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, 1.0 if bar.close > bar.average else 0.0)

"""
DIGESTS = (
    GIVEN
    + """
import polars

for data in (GOOG, polars.from_pandas(GOOG.reset_index())):
    print(run(strategy=Cross, data=data).digest)
"""
)


def executed(notebook: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Execute a notebook in a folder; return its code cells."""
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("IPYTHONDIR", str(folder / "ipython"))
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}})
    client.execute()
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cell: Any) -> str:
    return "".join(
        one["data"].get("text/html", "") for one in cell.outputs if "data" in one
    ) + "".join(one.get("text", "") for one in cell.outputs)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
def test_the_notebook_of_the_first_hour_runs_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells)
    texts = [shown(cell) for cell in executed(notebook, tmp_path, monkeypatch)]
    whole = html.unescape("\n".join(texts))
    for part in ("<svg", "Total return", "<iframe srcdoc=", "best by sharpe_ratio", "entry_price"):
        assert part in whole


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
def test_a_notebook_and_a_script_come_to_the_same_with_pandas_and_polars(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (cell,) = executed(new_notebook(cells=[new_code_cell(DIGESTS)]), tmp_path, monkeypatch)
    (tmp_path / "script.py").write_text(DIGESTS)
    script = python(tmp_path / "script.py", cwd=tmp_path).stdout.split()
    assert len(script) == 2
    assert len(set(script)) == 1
    assert shown(cell).split()[-2:] == script
