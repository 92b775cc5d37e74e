"""What a notebook shows of a run and a sweep that go on: real kernels, executed by nbclient."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from pipeline.runner.notebook_line import in_notebook, notebook_line
from pipeline.runner.progress_line import reported
from pipeline.sweeps import progress_line as sweeping
from tests.reference.own_process import environment

SETTINGS = """
from pipeline import run, sweep

SETTINGS = {{
    "session_name": "shown",
    "backtest_config": {{"start_date": "2024-10-22", "end_date": "2024-12-03"}},
    "session_data_config": {{"symbols": ["ALFA", "BRVO"]}},
    "strategy": {{"name": "pipeline.strategy.examples:SmaCross"}},
    "catalog": {catalog!r},
}}
"""
RUN = "result = run(SETTINGS, progress=True)"
SWEEP = """
space = {"fast": [3, 4], "slow": [10, 20]}
swept = sweep(SETTINGS, sweep={"space": space, "lanes_per_pass": 2, "best": 0}, progress=True)
"""
SILENT = "result = run(SETTINGS)"
FAILING = """
try:
    run({**SETTINGS, "catalog": "nowhere"}, progress=True)
except Exception as error:
    print(error)
"""


class Watching(NotebookClient):
    """Executes a notebook and keeps what its cells have shown, also what was shown over."""

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        if msg["msg_type"] in ("display_data", "update_display_data"):
            self.drawn.setdefault(cell_index, []).append(msg["content"]["data"])
        return super().process_message(msg, cell, cell_index)


@pytest.fixture(scope="module")
def executed(
    sample: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[int, list[dict[str, str]]], list[Any]]:
    """Give what each cell has shown over time, and the cells as they are at the end."""
    folder = tmp_path_factory.mktemp("notebook")
    sources = [SETTINGS.format(catalog=str(sample)), RUN, SWEEP, SILENT, FAILING]
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    client = Watching(notebook, timeout=300, resources={"metadata": {"path": str(folder)}})
    client.drawn = {}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment().items():
            patch.setenv(name, value)
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        client.execute()
    nbformat.validate(notebook)
    return client.drawn, notebook.cells


pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::RuntimeWarning", "ignore::ResourceWarning"
)

RUN_CELL, SWEEP_CELL, SILENT_CELL, FAILING_CELL = range(1, 5)


def test_a_run_is_shown_with_its_bars(executed):
    plain = [data["text/plain"] for data in executed[0][RUN_CELL]]
    assert plain[0] == "starting"
    assert any("session " in one and " bars" in one for one in plain)
    assert all("<progress" in data["text/html"] for data in executed[0][RUN_CELL][:-1])


def test_a_sweep_is_shown_with_its_sets_and_the_best(executed):
    plain = [data["text/plain"] for data in executed[0][SWEEP_CELL]]
    assert plain[0] == "starting"
    assert any("4/4 sets" in one or "% of 4 sets" in one for one in plain)
    assert any("\nbest " in one for one in plain)


@pytest.mark.parametrize("cell", [RUN_CELL, SWEEP_CELL])
def test_one_output_is_updated_in_place_and_is_empty_in_the_end(executed, cell: int):
    (output,) = executed[1][cell].outputs
    assert output["output_type"] == "display_data"
    assert output["data"] == {"text/plain": "", "text/html": ""}


def test_nothing_is_shown_that_is_not_asked_for(executed):
    assert executed[1][SILENT_CELL].outputs == []


def test_progress_is_emptied_by_an_error_too(executed):
    shown, said = executed[1][FAILING_CELL].outputs
    assert shown["data"] == {"text/plain": "", "text/html": ""}
    assert "no catalog at nowhere" in said["text"]


class Handle:
    """Stands for the output of a cell."""

    def __init__(self) -> None:
        self.seen: list[dict[str, str]] = []

    def update(self, data: dict[str, str], *, raw: bool) -> None:
        assert raw
        self.seen.append(data)


@pytest.fixture
def handle(monkeypatch: pytest.MonkeyPatch) -> Handle:
    """Give a kernel to this process; what a cell shows is kept."""
    made = Handle()

    def display(data: dict[str, str], *, raw: bool, display_id: bool) -> Handle:
        assert display_id
        made.update(data, raw=raw)
        return made

    shell = SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=object()))
    monkeypatch.setitem(sys.modules, "IPython", shell)  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))  # type: ignore[arg-type]
    return made


def test_words_are_text_and_not_html(handle: Handle):
    with notebook_line("starting") as draw:
        draw(0.5, ["<b>", ""], 'a & "b"')
    assert handle.seen[1]["text/plain"] == '<b>\na & "b"'
    assert "&lt;b&gt;<br>a &amp; &quot;b&quot;" in handle.seen[1]["text/html"]
    assert 'value="0.500"' in handle.seen[1]["text/html"]


def test_what_has_not_changed_is_not_sent_again(handle: Handle):
    with notebook_line("starting") as draw:
        for share in (None, None, 0.25, 0.25, 2.0):
            draw(share, ["starting"], "")
    assert [data["text/html"].count("value=") for data in handle.seen] == [0, 1, 1, 0]
    assert 'value="1.000"' in handle.seen[2]["text/html"]


@pytest.mark.parametrize("module", [None, SimpleNamespace(get_ipython=lambda: None)])
def test_where_there_is_no_kernel_it_is_no_notebook(monkeypatch: pytest.MonkeyPatch, module: Any):
    if module is None:
        monkeypatch.delitem(sys.modules, "IPython", raising=False)
    else:
        monkeypatch.setitem(sys.modules, "IPython", module)
    assert not in_notebook()


@pytest.mark.parametrize("reports", [reported, sweeping.reported])
def test_a_notebook_shows_nothing_that_it_is_not_asked_for(handle: Handle, reports: Any):
    for nothing in (None, False):
        with reports(nothing) as report:
            assert report is None
    with reports(print) as report:
        assert report is print
    assert handle.seen == []
