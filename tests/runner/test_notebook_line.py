"""Progress in a kernel: one output that is changed in place."""

from typing import Any

import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from pipeline.runner.notebook_line import in_notebook

CELLS = """
from backtesting.test import GOOG
from pipeline import run, sweep
from pipeline.strategy.examples import SmaCross
result = run(strategy=SmaCross, data=GOOG, progress=True)
---
found = sweep(strategy=SmaCross, data=GOOG, space={"fast": [5, 10]}, progress=True)
---
quiet = run(strategy=SmaCross, data=GOOG)
"""


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Return the outputs of the cells, each executed in one kernel."""
    notebook = new_notebook(cells=[new_code_cell(one.strip()) for one in CELLS.split("---")])
    folder = tmp_path_factory.mktemp("notebook")
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(folder)}})
    client.execute()
    return [cell.outputs for cell in notebook.cells]


def displays(cell: list[Any]) -> list[str]:
    """Return the displays of progress; a package that is imported may show something, too."""
    shown = [one.data.get("text/html", "") for one in cell if one.output_type == "display_data"]
    return [text for text in shown if text.startswith('<progress max="1"')]


@pytest.mark.parametrize(("cell", "told"), [(0, "bars"), (1, "sets")])
def test_a_cell_has_one_display_with_the_last_words(outputs: list[Any], cell: int, told: str):
    (text,) = displays(outputs[cell])
    assert told in text


def test_without_being_asked_nothing_is_shown(outputs: list[Any]):
    assert displays(outputs[2]) == []


def test_outside_a_notebook_there_is_none():
    assert not in_notebook()
