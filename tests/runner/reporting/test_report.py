"""The page of a run as a file: the same each time, and true where the run's data are gone."""

import json
import re
import shutil
from html import unescape
from pathlib import Path

import pytest

from pipeline import run
from pipeline.errors import RunError
from pipeline.results.folder import RunFolder
from pipeline.runner.reporting import report as reporting
from pipeline.runner.reporting.report import write_report
from pipeline.runner.run import Result
from tests.reference.processes import settings_of
from tests.reference.traders import Crosser


@pytest.fixture
def folder(reported_folder: RunFolder, tmp_path: Path) -> RunFolder:
    """A copy of the run, which a test may change."""
    shutil.copytree(reported_folder.path, tmp_path / "run")
    return RunFolder(tmp_path / "run")


def missing(page: Path) -> str:
    found = re.search(r'<p class="missing">(.*?)</p>', page.read_text(encoding="utf-8"))
    return unescape(found[1]) if found else ""


def changed(folder: RunFolder, **entries: object) -> None:
    """Change entries of what the run was made from."""
    summary = folder.summary
    summary["made_from"].update(entries)
    (folder.path / "summary.json").write_text(json.dumps(summary))


def test_the_same_run_gives_the_same_bytes(reported_folder: RunFolder, tmp_path: Path):
    one = write_report(reported_folder, tmp_path / "a.html")
    two = Result(reported_folder).report(tmp_path / "b.html")
    assert one.path.read_bytes() == two.read_bytes()
    assert one.size == two.stat().st_size
    assert (one.interval, missing(two)) == ("1m", "")
    other = write_report(reported_folder, tmp_path / "c.html", lane=1)
    assert "quantity=50.0" in other.path.read_text(encoding="utf-8")


def test_a_page_lies_in_the_run_folder(folder: RunFolder):
    assert Result(folder).report() == folder.path / "report.html"


def test_a_catalog_that_is_gone_is_told(folder: RunFolder, tmp_path: Path):
    config = {**folder.config, "catalog": str(tmp_path / "gone")}
    (folder.path / "config.json").write_text(json.dumps(config))
    made = write_report(folder)
    assert (made.interval, made.bars) == (None, 0)
    assert missing(made.path).startswith("The page has no prices: ")
    assert "gone" in missing(made.path)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"bars": {"ALFA 1m": "0"}}, "no prices: the bars of ALFA 1m in "),
        ({"actions": {"BRVO": "0"}}, "no prices: the actions of BRVO in "),
        (
            {"code": {"pipeline.strategy.examples:RsiReversion": "0"}},
            "no indicators: the code of pipeline.strategy.examples:RsiReversion is not the run's",
        ),
    ],
)
def test_what_is_not_the_runs_any_more_is_told_and_left_out(
    folder: RunFolder, entries: dict[str, object], said: str
):
    changed(folder, **entries)
    made = write_report(folder)
    assert said in missing(made.path)
    assert (made.bars > 0) == ("no indicators" in said)


def test_longer_bars_are_taken_where_there_are_too_many(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
):
    whole = write_report(folder)
    monkeypatch.setattr(reporting, "MOST_BYTES", whole.size - 1)
    longer = write_report(folder)
    assert (longer.interval, longer.size < whole.size) == ("5m", True)
    said = "The run had bars of 1m; the shortest in this page are of 5m."
    assert said in longer.path.read_text(encoding="utf-8")
    monkeypatch.setattr(reporting, "MOST_BARS", 100)
    assert write_report(folder).interval == "4h"
    monkeypatch.setattr(reporting, "MOST_BYTES", 1)
    least = write_report(folder)
    assert (least.interval, missing(least.path)[:35]) == (
        "1d",
        "The page has the bars of 1 symbol o",
    )


def test_a_strategy_that_was_given_from_python_has_its_indicators(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    class Local(Crosser):
        """A class that no name finds."""

    settings = settings_of("US_EQUITY", "2024-12-02", "2024-12-03", ["ALFA"], ["1m"], sample)
    result = run(settings, strategy=Local, out=tmp_path, mode="interpreted", inline=True)
    assert missing(result.report()) == ""
    monkeypatch.setattr(
        reporting, "MOST_BYTES", (result.run_dir / "report.html").stat().st_size - 1
    )
    assert write_report(RunFolder(result.run_dir), strategy=Local).interval == "5m"
    monkeypatch.undo()
    assert "no indicators" in missing(Result(RunFolder(result.run_dir)).report())


def test_a_run_that_is_not_done_is_refused(folder: RunFolder):
    with pytest.raises(RunError, match="lane must be 0 to 1, was 2"):
        write_report(folder, lane=2)
    summary = folder.summary
    del summary["made_from"]
    (folder.path / "summary.json").write_text(json.dumps(summary))
    with pytest.raises(RunError, match=r"summary.json has no made_from: .*; run it again"):
        write_report(folder)
    folder.mark_partial("it was killed")
    with pytest.raises(RunError, match="has no results to report: it was killed"):
        write_report(folder)
