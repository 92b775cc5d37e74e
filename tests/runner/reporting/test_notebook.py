"""What a notebook shows of a run."""

from pathlib import Path

import pytest

from pipeline import run
from pipeline.errors import RunError
from pipeline.results.folder import RunFolder
from pipeline.runner.run import Result
from tests.chromium import Page
from tests.reference.processes import settings_of
from tests.reference.traders import Crosser


@pytest.fixture(scope="module")
def alone(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    settings = settings_of("US_EQUITY", "2024-12-02", "2024-12-03", ["ALFA"], ["1m"], sample)
    settings["session_name"] = "a.b"
    return run(settings, strategy=Crosser, out=tmp_path_factory.mktemp("alone"))


def test_a_result_shows_its_figures_and_curves(alone: Result):
    shown = alone._repr_html_()
    assert "<b>a.b</b>" in shown
    assert f'value="{alone.statistics["total_return"]!r}"' in shown
    assert shown.count("<svg") == 6
    assert "script" not in shown


def test_several_lanes_or_none_are_text(reported_folder: RunFolder, tmp_path: Path):
    assert Result(reported_folder)._repr_html_().startswith("<pre>")
    partial = RunFolder.create(tmp_path, "x", "{}")
    partial.mark_partial("it was <killed>")
    assert "it was &lt;killed&gt;" in Result(partial)._repr_html_()
    with pytest.raises(RunError, match="has no results to report"):
        Result(partial).plot()


def test_trades_are_the_round_trips(alone: Result):
    assert alone.trades.profit.tolist() == alone.round_trips["profit"].to_pylist()


def test_a_plot_is_the_page_in_a_frame(alone: Result, tmp_path: Path):
    cell = tmp_path / "cell.html"
    cell.write_text(f"<meta charset=utf-8>{alone.plot()._repr_html_()}", encoding="utf-8")
    inside = "document.querySelector('iframe').contentWindow"
    with Page(tmp_path) as browser:
        drawn = browser.open(cell, f"{inside}.runReport.then(({{ chart }}) => chart.high)")
        assert drawn > 0
        assert browser.messages == []
        assert [url for url in browser.requests if not url.startswith(("file:", "about:"))] == []
