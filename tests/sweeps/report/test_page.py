"""The report in a real browser: drawn, usable, quiet, and deaf to what its texts would have run."""

import math

import numpy as np
import pytest

from pipeline.sweeps.pruned import Pruned, PrunedSet, Rung
from pipeline.sweeps.report.report import EquityCurve, write_report
from tests.chromium import Page
from tests.sweeps.report_lanes import HOSTILE, curve, facts, lane, sampled_lanes

LANES = 10_000
DRAWN = "sweepReport.drawn"
# What is due in a frame is done before the next one begins.
NEXT_FRAME = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
PIXELS = """
[...document.querySelectorAll('#parallel canvas')].map(canvas => {
  // Of a copy: a browser complains of a canvas that is read more than once.
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d');
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  return data.reduce((inked, value, i) => inked + (i % 4 === 3 && value > 0), 0);
})
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Page(tmp_path_factory.mktemp("chromium")) as page:
        yield page


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Path of a report of many sets."""
    lanes = sampled_lanes(LANES)
    lanes += [lane(LANES + i, state="failed", error=f"failure {i}") for i in range(3)]
    path = tmp_path_factory.mktemp("large") / "report.html"
    write_report(path, facts(failed=3), lanes, [curve("1"), curve("2nd")], curve("SPY"))
    return path


@pytest.fixture
def page(browser, large):
    """The report of many sets, opened, on a screen of 1280 x 900 in light colours."""
    browser.resize(1280, 900)
    browser.prefer("light")
    browser.open(large, DRAWN)
    yield browser
    assert browser.messages == []


def choose(page, section, name, text):
    """Choose an option of a drop-down by its text."""
    page.evaluate(
        f"""(select => {{
          select.value = [...select.options].find(one => one.text === {text!r}).value;
          select.dispatchEvent(new Event("change"));
        }})(document.querySelector("#{section} select[name={name}]"))"""
    )


def texts(page, selector):
    return page.evaluate(
        f"[...document.querySelectorAll({selector!r})].map(one => one.textContent)"
    )


def place(page, selector):
    """Return left, top, width and height of an element, scrolled into view."""
    return page.evaluate(
        f"""(one => {{
          one.scrollIntoView({{ block: "center" }});
          const {{ x, y, width, height }} = one.getBoundingClientRect();
          return [x, y, width, height];
        }})(document.querySelector({selector!r}))"""
    )


def test_all_charts_and_tables_are_drawn(page):
    for section in ("heatmap", "distribution", "equity"):
        assert page.evaluate(f"document.querySelectorAll('#{section} svg.main-svg').length") >= 2
    assert page.evaluate("document.querySelectorAll('#heatmap .hm image').length") == 1
    assert page.evaluate("document.querySelectorAll('#distribution .bars path').length") > 20
    assert page.evaluate("document.querySelectorAll('#equity .lines path').length") == 3
    assert texts(page, "#parallel .name") == [
        "fast", "slow", "stop", "threshold", "leader", "flip", "Sharpe ratio",
    ]  # fmt: skip
    assert min(page.evaluate(PIXELS)) > 10_000
    assert page.evaluate("document.querySelectorAll('#best tbody tr').length") == 100
    assert texts(page, "#failed td:nth-child(2)") == ["failure 0", "failure 1", "failure 2"]


def test_nothing_is_asked_of_any_network(page, large):
    others = [url for url in page.requests if not url.startswith("data:")]
    assert others == [large.as_uri()]


def test_the_two_telling_parameters_are_shown_first(page):
    chosen = texts(page, "#heatmap select option:checked")
    assert chosen == ["fast", "slow", "Sharpe ratio", "best set"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("across", "leader"),
        ("up", "flip"),
        ("up", "stop"),
        ("figure", "Total return"),
        ("over-the-others", "median"),
    ],
)
def test_each_drop_down_changes_the_heatmap(page, name, text):
    cells = "JSON.stringify(document.querySelector('#heatmap .chart').data[0].z)"
    before = page.evaluate(cells)
    choose(page, "heatmap", name, text)
    assert page.evaluate(cells) != before


def test_texts_and_bools_are_categories_of_the_heatmap(page):
    choose(page, "heatmap", "across", "leader")
    choose(page, "heatmap", "up", "flip")
    assert texts(page, "#heatmap .xtick") == ["AAPL", "IBM", "MSFT"]
    assert texts(page, "#heatmap .ytick") == ["false", "true"]


def test_a_parameter_chosen_twice_changes_places(page):
    choose(page, "heatmap", "across", "slow")
    assert texts(page, "#heatmap select option:checked")[:2] == ["slow", "fast"]


def test_a_click_on_a_heading_sorts_all_sets(page):
    assert texts(page, "#best tbody tr:first-child td")[0] == "1"
    page.evaluate("document.querySelectorAll('#best th button')[0].click()")
    page.evaluate("document.querySelectorAll('#best th button')[0].click()")
    assert texts(page, "#best tbody tr:first-child td")[0] == f"{LANES:,}"
    assert texts(page, "#best th[aria-sort=descending]") == ["#"]


def test_a_table_that_is_cut_says_so(page, large):
    page.resize(600, 900)
    page.open(large, DRAWN)
    cut = "(box => box.scrollWidth > box.clientWidth)(document.querySelector('#best .wide'))"
    assert page.evaluate(cut)
    assert texts(page, "#best .note")[0].endswith(" Scroll sideways for more columns.")


def test_the_best_tenth_is_selected_until_another_range_is_dragged(page):
    assert texts(page, "#parallel .note")[0].startswith("1,000 of 10,000 sets are selected")
    before = page.evaluate(PIXELS)
    x, y, width, height = place(page, "#parallel .axis:nth-child(2) .track")
    for kind, share in (("Pressed", 0.1), ("Moved", 0.3), ("Released", 0.3)):
        page.mouse(kind, x + width / 2, y + share * height)
    page.evaluate(NEXT_FRAME)
    selected = int(texts(page, "#parallel .note")[0].split()[0].replace(",", ""))
    assert 0 < selected < 1000
    after = page.evaluate(PIXELS)
    assert after[0] == before[0]
    assert after[1] < before[1]


def test_an_axis_is_moved_by_its_name(page):
    x, y, width, height = place(page, "#parallel .axis:nth-child(1) .name")
    step = place(page, "#parallel .axis:nth-child(2) .name")[0] - x
    for kind, steps in (("Pressed", 0), ("Moved", 1), ("Released", 2)):
        page.mouse(kind, x + width / 2 + steps * step, y + height / 2)
    assert texts(page, "#parallel .name")[:3] == ["slow", "stop", "fast"]


def test_the_figure_that_colours_the_lines_has_an_axis(page):
    choose(page, "parallel", "colour", "Total return")
    assert texts(page, "#parallel .name")[-2:] == ["Sharpe ratio", "Total return"]
    assert (
        page.evaluate("document.querySelectorAll('#parallel .axis:last-child .scale').length") == 1
    )


def test_charts_follow_the_readers_colours(page):
    ink = "document.querySelector('#equity .chart').layout.font.color"
    light = page.evaluate(ink)
    page.prefer("dark")
    page.evaluate(NEXT_FRAME)
    page.evaluate(DRAWN)
    assert page.evaluate(ink) != light


def test_a_phone_scrolls_down_only(page, large):
    page.resize(400, 800)
    page.open(large, DRAWN)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_hostile_texts_are_shown_and_run_nothing(browser, tmp_path):
    lanes = [
        lane(
            i,
            math.sin(i),
            strategy=["m:A", f"m:{HOSTILE}"][i % 2],
            universe=["", HOSTILE][i // 20],
            parameters={HOSTILE: f"{i % 3}{HOSTILE}", "<b>fast</b>": i % 5},
        )
        for i in range(40)
    ]
    lanes.append(lane(40, state="failed", error=HOSTILE, strategy=HOSTILE))
    path = tmp_path / "report.html"
    write_report(path, facts(HOSTILE), lanes, [curve(HOSTILE)], curve(HOSTILE))
    browser.open(path, DRAWN)
    assert browser.messages == []
    assert browser.evaluate("typeof hacked") == "undefined"
    assert browser.evaluate("document.images.length") == 0
    assert texts(browser, "h1") == [HOSTILE]
    assert texts(browser, "#failed td:nth-child(2)") == [HOSTILE]
    assert "<b>fast</b>" in texts(browser, "#parallel .name")
    choose(browser, "heatmap", "across", "<b>fast</b>")
    assert texts(browser, "#heatmap .xtitle") == ["<b>fast</b>"]
    assert [url for url in browser.requests if not url.startswith(("file:", "data:"))] == []


def failed(number):
    return lane(number, state="failed", error="no")


@pytest.mark.parametrize(
    ("lanes", "reasons"),
    [
        pytest.param([], ["No set came to a result."] * 2, id="no lanes"),
        pytest.param([failed(0), failed(1)], ["No set came to a result."] * 2, id="all failed"),
        pytest.param([lane(0)], ["No parameter differs between the sets."], id="one lane"),
        pytest.param([lane(i) for i in range(30)], [], id="one parameter"),
        pytest.param([lane(0, None), lane(1, None)], ["No set has a score."], id="no score"),
        pytest.param(
            [lane(i, parameters={"ab"[i % 2]: i}) for i in range(40)], [], id="nothing in common"
        ),
    ],
)
def test_a_report_of_little_says_why(browser, tmp_path, lanes, reasons):
    path = tmp_path / "report.html"
    write_report(path, facts(), lanes, [])
    browser.open(path, DRAWN)
    assert browser.messages == []
    said = texts(browser, ".empty")
    assert said.pop(1 if reasons else 0) == "No set was run again in full detail."
    assert said == reasons


def test_drawn_values_have_ranges_and_flat_equity_has_ticks_that_differ(browser, tmp_path):
    """A title lies below the labels of its axis, also if these are turned."""
    random = np.random.default_rng(5)
    lanes = [
        lane(i, -float(random.random()), parameters={"a": a, "b": b})
        for i, (a, b) in enumerate(random.uniform([1.0, 1e-4], [900.0, 0.9], (96, 2)).tolist())
    ]
    flat = curve()
    flat = EquityCurve("flat", flat.dates, 1.0 + (flat.growth - 1.0) * 1e-3)
    path = tmp_path / "report.html"
    write_report(path, facts(), lanes, [flat])
    browser.resize(600, 900)
    browser.open(path, DRAWN)
    assert len(texts(browser, "#heatmap .ytick")) == 6
    ticks = texts(browser, "#equity .ytick")
    assert len(set(ticks)) == len(ticks) > 2
    lowest = "Math.max(...[...document.querySelectorAll('#heatmap .xtick text')].map(bottom))"
    title = "document.querySelector('#heatmap .xtitle').getBoundingClientRect().top"
    bottom = "const bottom = (one) => one.getBoundingClientRect().bottom;"
    assert browser.evaluate(f"(() => {{ {bottom} return {lowest} <= {title}; }})()")
    assert browser.messages == []


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """Path of a report of two scores, with pruned sets and a page of the best set."""
    lanes = [
        lane(i, parameters={"fast": i}, statistics={"sharpe_ratio": i % 9, "max_drawdown": d / 50})
        for i, d in enumerate(np.random.default_rng(3).permutation(40).tolist())
    ]
    lost = [PrunedSet(f"fast {i}", n, curve().dates[:n], curve().growth[:n]) for i, n in
            enumerate((20, 20, 60))]  # fmt: skip
    pruned = Pruned([Rung(20, 30), Rung(60, 1)], lost)
    path = tmp_path_factory.mktemp("compared") / "report.html"
    scores = ("sharpe_ratio", "-max_drawdown")
    pages = {lanes[8].key: "best/a%20run/report.html"}
    write_report(path, facts(scores=scores), lanes, [curve("1")], None, pruned, pages)
    return path


def test_a_pareto_front_and_pruned_sets_are_drawn_and_pages_are_linked(browser, compared):
    browser.resize(1280, 900)
    browser.open(compared, DRAWN)
    front = browser.evaluate("document.querySelector('#front .chart').data[1].x.length")
    assert front == browser.evaluate("document.querySelectorAll('#front tbody tr').length") > 0
    assert texts(browser, "#front .note")[0].startswith(f"{front} set")
    assert browser.evaluate("document.querySelector('#pruned .chart').data[1].x.length") == 3
    (said,) = texts(browser, "#pruned .note")
    assert said == (
        "31 sets ended early by halving: 30 after 20 sessions (2024-01-21), 1 after 60 sessions "
        "(2024-03-01). 3 of them are drawn."
    )
    links = "[...document.querySelectorAll('#best a')].map((one) => one.getAttribute('href'))"
    assert browser.evaluate(links) == ["best/a%20run/report.html"]
    before = browser.evaluate("document.querySelector('#front .chart').data[1].x")
    choose(browser, "front", "across", "Max drawdown")
    assert browser.evaluate("document.querySelector('#front .chart').data[1].y.sort()") == sorted(
        before
    )
    assert browser.messages == []


def test_only_the_scripts_of_the_page_may_run(browser, compared):
    browser.open(compared, DRAWN)
    policy = browser.evaluate("document.querySelector('meta[http-equiv]').content")
    assert "script-src 'sha256-" in policy
    assert "unsafe" not in policy.partition("style-src")[0]
    browser.evaluate(
        "void document.body.append(document.createRange().createContextualFragment("
        "'<script>hacked = 3</script>'))"
    )
    assert browser.evaluate("typeof hacked") == "undefined"
    assert "Content Security Policy" in browser.messages.pop()
