"""The page of all runs in a folder: what it gathers, and the page in a browser."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.results.report.html.overview.document import page_of
from pipeline.runner import overview
from pipeline.runner.overview import gather, write_overview
from tests.chromium import Page
from tests.runner.overview_folders import wandering, write_run, write_sweep
from tests.runner.test_run_folders import make_run

HOSTILE = "</script><img src=x onerror='hacked = 1'>&amp;\"$x"
ONE, OTHER = "a-20240101T000000Z-00000001", "b-20240102T000000Z-00000002"
SWEEP, PARTIAL = "w-20240103T000000Z-00000003", "p-20240104T000000Z-00000004"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two runs, one of which has a report, a sweep, and a run that is not done."""
    folder = tmp_path_factory.mktemp("all") / "runs"
    path = write_run(folder, ONE, wandering(1), parameters={"fast": 3, "cash": 100.0})
    (path / "report.html").write_text("a page")
    write_run(folder, OTHER, wandering(2), session=HOSTILE, parameters={"fast": 5, "cash": 100})
    write_sweep(folder, SWEEP, wandering(3, 30))
    make_run(folder, PARTIAL, done=False)
    return folder


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with Page(tmp_path_factory.mktemp("chromium")) as page:
        yield page


@pytest.fixture
def page(browser: Page, out: Path) -> Iterator[Page]:
    made = write_overview(out)
    browser.resize(1400, 1000)
    browser.prefer("light")
    browser.open(made.path, "1")
    yield browser
    assert browser.messages == []
    assert browser.requests == [made.path.as_uri()]


def texts(page: Page, selector: str) -> list[str]:
    found: list[str] = page.evaluate(
        f"[...document.querySelectorAll({selector!r})].map((one) => one.textContent)"
    )
    return found


def names(page: Page) -> list[str]:
    return texts(page, "#all tbody tr:not([hidden]) .name")


def test_runs_and_sweeps_are_gathered_with_links_that_lead_to_their_pages(out: Path):
    found, left_out = gather(out, out / "pages")
    assert [one.name for one in found.entries] == [PARTIAL, SWEEP, OTHER, ONE]
    assert left_out == 0
    partial, sweep, other, one = found.entries
    assert partial.state.startswith("unfinished: ")
    assert len(partial.growth) == 0
    assert sweep.strategy == "Sweep of 12 sets; best: fast=9"
    assert [text for text, _ in sweep.links] == ["report", "best set"]
    assert one.links == [("report", f"../{ONE}/report.html")]
    assert other.links == []
    for _, address in (*sweep.links, *one.links):
        assert (out / "pages" / address).resolve().is_file()


def test_a_curve_ends_where_the_run_did_and_has_its_extremes(out: Path):
    for entry, growth in zip(gather(out, out)[0].entries[2:], map(wandering, (2, 1)), strict=True):
        assert entry.growth[0] == 1.0
        assert entry.growth[-1] == pytest.approx(growth[-1])
        assert entry.growth[1:].min() == pytest.approx(growth.min())
        assert entry.growth[1:].max() == pytest.approx(growth.max())
        assert (np.diff(entry.seconds) > 0).all()


@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=400), st.integers(4, 60))
def test_a_thinned_curve_keeps_the_first_the_last_and_the_extremes(values: list[float], most: int):
    curve = np.array(values)
    kept = overview._telling(curve, most)
    assert len(kept) <= most
    assert {0, len(curve) - 1} <= set(kept.tolist())
    assert curve[kept].min() == curve.min()
    assert curve[kept].max() == curve.max()


def test_only_what_differs_is_kept_and_whole_numbers_are_equal(out: Path):
    settings = {one.path: one for one in gather(out, out)[0].settings}
    assert "strategy.parameters.cash" in settings  # the sweep's best set has none
    assert settings["strategy.parameters.cash"].values == ["100"]
    fast = settings["strategy.parameters.fast"]
    assert [fast.values[at] for at in fast.places] == ["3", "9", "5", "3"]
    assert not [path for path in settings if path.startswith("sweep")]


def test_equal_folders_give_equal_bytes_and_older_runs_are_left_out_and_told(
    out: Path, monkeypatch: pytest.MonkeyPatch
):
    first, again = page_of(gather(out, out)[0]), page_of(gather(out, out)[0])
    assert first == again
    monkeypatch.setattr(overview, "MOST_ENTRIES", 3)
    found, left_out = gather(out, out)
    assert (len(found.entries), left_out) == (3, 1)
    assert found.notes[0].startswith("The page has the newest 3; 1 older run and sweeps")


def test_a_run_whose_equity_cannot_be_read_is_told(tmp_path: Path):
    path = write_run(tmp_path, ONE, wandering(1))
    (path / "sessions.parquet").write_bytes(b"none")
    found, _ = gather(tmp_path, tmp_path)
    assert len(found.entries[0].growth) == 0
    assert f"The equity cannot be read of 1 run: {ONE}." in found.notes


def test_the_table_is_there_with_curves_and_hostile_names_run_nothing(page: Page):
    assert names(page) == ["p", "w", "b", "a"]
    assert page.evaluate("document.querySelectorAll('#all svg.small').length") == 3
    assert page.evaluate("typeof hacked") == "undefined"
    assert page.evaluate("document.images.length") == 0
    page.evaluate("overview.table.choose([2, 3])")
    assert HOSTILE in texts(page, "#differences td")


def test_each_cell_stands_below_its_heading(page: Page):
    rows = page.evaluate(
        "[...document.querySelectorAll('#all tr')].map((row) => "
        "[...row.cells].map((cell) => cell.textContent))"
    )
    assert {len(row) for row in rows} == {len(rows[0])}
    cells = dict(zip(rows[0], rows[-1], strict=True))
    assert cells["Sessions"] == "2024-01-022024-12-30"
    assert (cells["Sharpe ratio"], cells["Max drawdown"]) == ("1.50", "10.00 %")
    assert (cells["Round trips"], cells["State"]) == ("7", "done")


def test_a_heading_sorts_and_words_search(page: Page):
    page.evaluate("document.querySelectorAll('#all th button')[0].click()")
    assert names(page) == ["a", "b", "p", "w"]
    page.evaluate("[...document.querySelectorAll('#all th button')][3].click()")
    returns = page.evaluate(
        "[...document.querySelectorAll('#all tbody tr')].map((row) => parseFloat("
        "row.querySelector('td.number').textContent))"
    )
    assert returns[:3] == sorted(returns[:3], reverse=True)
    assert texts(page, "#all th[aria-sort=descending]") == ["Total return"]
    page.evaluate(
        "((box) => { box.value = 'SWEEP sets'; box.dispatchEvent(new Event('input')); })"
        "(document.querySelector('input[type=search]'))"
    )
    assert names(page) == ["w"]
    assert texts(page, "#runs .note")[0].startswith("1 of 4 runs found.")


def test_chosen_runs_lie_over_each_other_with_what_differs_beside(page: Page):
    assert page.evaluate("document.getElementById('chosen').hidden")
    for at in (2, 3):
        page.evaluate(f"document.querySelector('#run-{at} input').click()")
    assert page.evaluate("document.querySelectorAll('.overlay path.line').length") == 2
    lines = {
        row[0]: row[1:]
        for row in page.evaluate(
            "[...document.querySelectorAll('#differences tr')].map((row) => "
            "[...row.cells].map((cell) => cell.textContent))"
        )
    }
    assert lines["strategy.parameters.fast"] == ["5", "3"]
    assert lines["session_name"] == [HOSTILE, "s"]
    assert "strategy.parameters.cash" not in lines
    assert lines["Sharpe ratio"] == ["1.50", "1.50"]
    page.evaluate(
        "document.querySelector('.overlay').dispatchEvent("
        "new KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true }))"
    )
    assert texts(page, "#read")[0].startswith("At 2024-")
    page.evaluate("document.getElementById('none').click()")
    assert page.evaluate("document.getElementById('chosen').hidden")


def test_arrow_keys_go_from_box_to_box(page: Page):
    page.evaluate("document.querySelector('#run-1 input').focus()")
    page.evaluate(
        "document.activeElement.dispatchEvent("
        "new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }))"
    )
    assert page.evaluate("document.activeElement.closest('tr').id") == "run-2"


def test_colours_follow_the_reader_and_a_phone_scrolls_down_only(page: Page):
    ink = "getComputedStyle(document.body).color"
    light = page.evaluate(ink)
    page.prefer("dark")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate(ink) != light
    page.resize(400, 800)
    page.evaluate("overview.table.choose([1, 2, 3])")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_a_folder_without_runs_has_a_page(tmp_path: Path, browser: Page):
    made = write_overview(tmp_path)
    assert (made.runs, made.sweeps) == (0, 0)
    browser.open(made.path, "1")
    assert browser.messages == []
