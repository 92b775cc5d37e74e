import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pipeline.errors import RunError
from pipeline.sweeps.report.report import write_report
from tests.sweeps.report_lanes import HOSTILE, curve, facts, lane


class Page(HTMLParser):
    """The elements of a page, with their attributes, and the texts of its scripts and terms."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.elements[-1][0] if self.elements else "", data))

    def of(self, tag: str) -> list[str]:
        return [text for place, text in self.texts if place == tag]


def written(tmp_path, *lanes, best=(), benchmark=None, **given):
    path = tmp_path / "report.html"
    write_report(path, facts(**given), lanes, best, benchmark)
    return path


def test_the_heading_says_what_was_swept(tmp_path):
    page = Page(written(tmp_path, lane(1), lane(2), scores=("sharpe_ratio", "-max_drawdown")))
    assert page.of("h1") == ["crossing"]
    assert page.of("p")[0] == (
        "Sweep by grid; 2024-01-02 to 2024-12-30; Sharpe ratio, highest first; "
        "Max drawdown, lowest first"
    )
    said = dict(zip(page.of("dt"), page.of("dd"), strict=True))
    assert said == {
        "Parameter sets": "10,000",
        "Failed": "1",
        "Pruned": "2",
        "Bars": "100,000",
        "Buy and hold": "+12.50 %",
        "Evaluations": "1,000,000,000",
        "Seconds": "8.00",
        "Evaluations a second": "125,000,000",
        "The same in all sets": "strategy = Cross",
        "Seed": "7",
        "Ledger": "sweeps/ledger",
        "Data": "0123456789ab",
        "Code": "fedcba987654",
    }


def test_notes_stand_below_the_numbers(tmp_path):
    notes = ["The run is short.", "A < B & C"]
    path = written(tmp_path, notes=notes)
    assert [text for text in Page(path).of("p") if text in notes] == notes


def test_what_is_unknown_is_a_dash(tmp_path):
    page = Page(
        written(tmp_path, run_seconds=0.0, data_hash="", first_session=None, last_session=None)
    )
    said = dict(zip(page.of("dt"), page.of("dd"), strict=True))
    assert said["Evaluations a second"] == said["Data"] == "\N{EN DASH}"
    assert page.of("p")[0] == "Sweep by grid; Sharpe ratio, highest first"


def test_hostile_texts_stay_texts(tmp_path):
    """Names, parameters, errors and labels reach the page as they are and add no element to it."""
    lanes = [
        lane(i, strategy=HOSTILE, universe=HOSTILE, parameters={HOSTILE: f"{HOSTILE}{i}"})
        for i in range(2)
    ]
    lanes.append(lane(2, state="failed", error=HOSTILE))
    hostile = written(
        tmp_path, *lanes, best=[curve(HOSTILE)], benchmark=curve(HOSTILE), name=HOSTILE,
        ledger=HOSTILE,
    )  # fmt: skip
    page = Page(hostile)
    plain = Page(written(tmp_path, lane(1), lane(2)))
    tags = [tag for tag, _ in page.elements if tag != "div" and tag not in ("dt", "dd")]
    assert tags == [tag for tag, _ in plain.elements if tag not in ("div", "dt", "dd")]
    assert HOSTILE in "".join(page.of("h1"))
    columns = json.loads(page.of("script")[2])
    (dimension,) = columns["dimensions"]
    assert dimension["name"] == HOSTILE
    assert dimension["levels"] == [f"{HOSTILE}0", f"{HOSTILE}1"]
    assert columns["failed"]["rows"][0][1] == HOSTILE
    assert [one["label"] for one in columns["curves"]] == [HOSTILE, HOSTILE]


def test_half_a_surrogate_pair_can_be_written(tmp_path):
    page = Page(written(tmp_path, lane(parameters={"name": "\ud800"}), name="half \ud800"))
    assert page.of("h1") == ["half ?"]


def test_the_page_asks_for_nothing_outside_itself(tmp_path):
    page = Page(written(tmp_path, lane(1), lane(2)))
    assert not [
        (tag, name)
        for tag, attributes in page.elements
        for name in attributes
        if name in ("src", "href", "action", "srcset", "data")
    ]
    policy = next(
        attributes["content"]
        for tag, attributes in page.elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none';")
    assert not re.search(r"https?:|\*|unsafe-eval", policy)
    assert not re.search(r"url\(|@import", "".join(page.of("style")))


def test_plotly_is_embedded_once(tmp_path):
    scripts = Page(written(tmp_path, lane(1), lane(2))).of("script")
    assert len(scripts) == 4
    assert sum("* plotly.js v" in text for text in scripts) == 1


def test_a_report_replaces_the_one_before_in_one_step(tmp_path):
    written(tmp_path, lane(1), name="first")
    written(tmp_path, lane(1), name="second")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert Page(tmp_path / "report.html").of("h1") == ["second"]


def test_a_report_that_cannot_be_written_is_refused_by_name(tmp_path):
    path = tmp_path / "absent" / "report.html"
    with pytest.raises(RunError, match=re.escape(f"cannot write {path}: No such file")):
        write_report(path, facts(), [], [])


def test_a_failed_write_leaves_what_was_there(tmp_path):
    path = tmp_path / "report.html"
    (path / "inside").mkdir(parents=True)
    with pytest.raises(RunError, match="cannot write"):
        write_report(path, facts(), [], [])
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]
