"""The page of a run in a browser: its numbers, its chart and its table, and that it is quiet."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.results.folder import RunFolder
from pipeline.results.report.html.content import Content
from pipeline.results.report.html.document import page_of
from pipeline.runner.reporting.report import fitted, gathered
from tests.chromium import Page

HOSTILE = "</script><script>hacked = 1</script><img src=x onerror='hacked = 2'>&amp;"
DRAWN = "runReport.then(({ drawn }) => drawn)"
SETTLED = "new Promise((done) => setTimeout(done, 120))"


@pytest.fixture(scope="module")
def content(reported_folder: RunFolder) -> Content:
    return fitted(*gathered(reported_folder))[1]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with Page(tmp_path_factory.mktemp("chromium")) as page:
        yield page


@pytest.fixture(scope="module")
def written(content: Content, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_bytes(page_of(content))
    return path


@pytest.fixture
def page(browser: Page, written: Path) -> Iterator[Page]:
    """The page, opened on a screen of 1400 x 1000 in light colours."""
    browser.resize(1400, 1000)
    browser.prefer("light")
    browser.open(written, DRAWN)
    yield browser
    assert browser.messages == []


def texts(page: Page, selector: str) -> list[str]:
    found: list[str] = page.evaluate(
        f"[...document.querySelectorAll({selector!r})].map((one) => one.textContent)"
    )
    return found


def chart(page: Page, expression: str) -> Any:
    """The value of an expression in which ``chart`` and ``table`` are known, after a redraw."""
    page.evaluate(f"runReport.then(({{ chart, table }}) => void ({expression}))")
    page.evaluate(SETTLED)
    return page.evaluate(
        "runReport.then(({ chart, table }) => ({ name: chart.pyramid.level(chart.at).name, "
        "bars: chart.high - chart.low, view: chart.view(), symbol: chart.trades.symbol, "
        "chosen: chart.marks.chosen, row: table.chosen, shown: chart.marks.shown, "
        "at: chart.at }))"
    )


def test_every_number_is_that_of_the_summary(page: Page, content: Content):
    summary = json.loads(json.dumps(content.summary))
    found = page.evaluate(
        "[...document.querySelectorAll('data[data-figure]')].map((one) => "
        "[one.dataset.figure, one.value, one.textContent])"
    )
    assert len(found) > 60
    for path, exact, shown in found:
        value: Any = summary
        for part in path.split("."):
            value = value[int(part)] if isinstance(value, list) else value.get(part)
        if path == "digest":
            assert shown == value
        elif value is None:
            assert (exact, shown) == ("", "-")
        else:
            assert float(exact) == value
            number = re.fullmatch(r"([+-]?[\d,.]+)( %)?", shown)
            if number is not None:  # else it is a duration
                scale, digits = (100 if number[2] else 1), len(number[1].partition(".")[2])
                read = float(number[1].replace(",", ""))
                assert abs(read - scale * value) <= 0.51 * 10**-digits, path


def test_tables_and_bars_are_those_of_the_run(page: Page, content: Content):
    trips = page.evaluate("runReport.then(({ chart }) => [...chart.trades.trips.profit])")
    assert trips == [round(one, 6) for one in content.trips.profit]
    assert sum(trips) == pytest.approx(
        sum(content.summary["lanes"][0][name] for name in ("gross_profit", "open_profit"))
        - content.summary["lanes"][0]["gross_loss"]
    )
    assert content.prices is not None
    (symbol,) = texts(page, "#prices select option:checked")
    bars = next(one for one in content.prices.bars if symbol.startswith(one.symbol))
    levels = page.evaluate(
        "runReport.then(({ chart }) => [0, 1].map((at) => { const level = chart.pyramid.level(at); "
        "return [level.name, [...level.close], [...level.volume], [...level.high]]; }))"
    )
    assert levels[0][0] == "1m"
    assert levels[0][1] == bars.prices[3].tolist()
    assert levels[1][0] == "5m"
    assert sum(levels[1][2]) == bars.prices[4].sum()
    assert max(levels[1][3]) == bars.prices[1].max()


def test_nothing_is_asked_of_any_network_and_nothing_else_may_run(page: Page, written: Path):
    assert page.requests == [written.as_uri()]
    policy = page.evaluate("document.querySelector('meta[http-equiv]').content")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    page.evaluate(
        "void document.body.append(document.createRange().createContextualFragment("
        "'<script>hacked = 3</script>'))"
    )
    assert page.evaluate("typeof hacked") == "undefined"
    assert "Content Security Policy" in page.messages.pop()


def test_a_row_finds_its_trade_in_the_chart_and_a_trade_its_row(page: Page):
    other = "BRVO" if texts(page, "#prices select option:checked")[0].startswith("ALFA") else "ALFA"
    row = page.evaluate(
        "runReport.then(({ table }) => table.rows.find((row) => "
        f"table.columns[1].text(row) === '{other}'))"
    )
    state = chart(page, f"(table.choose({row}), table.picked({row}))")
    assert (state["symbol"], state["chosen"], state["name"]) == (other, row, "1m")
    assert texts(page, "tr[aria-selected=true] td:nth-child(2)") == [other]
    trade, x, y = next(one for one in state["shown"] if one[0] != row)
    left, top = page.evaluate(
        "(({ x, y }) => [x, y])(document.querySelector('.candles').getBoundingClientRect())"
    )
    page.evaluate("window.scrollTo(0, 0)")
    page.evaluate("document.querySelector('.candles').scrollIntoView({ block: 'center' })")
    left, top = page.evaluate(
        "(({ x, y }) => [x + 1, y + 1])(document.querySelector('.candles').getBoundingClientRect())"
    )
    for kind in ("Moved", "Pressed", "Released"):
        page.mouse(kind, left + x, top + y)
    page.evaluate(SETTLED)
    state = chart(page, "0")
    assert (state["chosen"], state["row"]) == (trade, trade)


def test_arrow_keys_go_from_trade_to_trade(page: Page):
    key = "new KeyboardEvent('keydown', { key: 'ArrowDown' })"
    state = chart(page, f"(table.box.dispatchEvent({key}), table.box.dispatchEvent({key}))")
    assert (state["row"], state["chosen"]) == (1, 1)


def test_zooming_in_shows_shorter_intervals_and_out_longer_ones(page: Page):
    whole = chart(page, "chart.showAll()")
    few = chart(
        page, "chart.show(chart.pyramid.level(0).begin[500], chart.pyramid.level(0).begin[560])"
    )
    assert (few["name"], round(few["view"][0]), round(few["view"][1])) == ("1m", 500, 560)
    assert few["at"] < whole["at"]
    keys = (
        "for (let i = 0; i < 40; i++) chart.box.dispatchEvent("
        "new KeyboardEvent('keydown', { key: '-' }))"
    )
    page.evaluate(f"runReport.then(({{ chart }}) => {{ {keys} }})")
    back = chart(page, "0")
    assert back["at"] >= whole["at"]
    assert max(one["bars"] for one in (whole, few, back)) < 50_000


def test_a_heading_sorts_and_a_box_filters(page: Page):
    profits = (
        "runReport.then(({ table, chart }) => table.rows.map((row) => "
        "chart.trades.trips.profit[row]))"
    )
    page.evaluate("document.querySelectorAll('.trades th button')[3].click()")
    found = page.evaluate(profits)
    assert found == sorted(found, reverse=True)
    assert texts(page, ".trades th[aria-sort=descending]") == ["Profit"]
    page.evaluate("document.querySelector('#prices input').click()")
    symbol = texts(page, "#prices select option:checked")[0].split(" ")[0]
    assert set(texts(page, ".trades tbody td:nth-child(2)")) == {symbol}


def test_figures_have_words_and_a_phone_scrolls_down_only(page: Page, written: Path):
    figures = page.evaluate(
        "[...document.querySelectorAll('figure')].map((one) => [one.querySelector('figcaption')"
        "?.textContent.length > 20, one.querySelector('svg[role=img], table') !== null])"
    )
    assert len(figures) >= 11
    assert all(all(one) for one in figures)
    page.resize(400, 800)
    page.open(written, DRAWN)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_colours_follow_the_reader_and_the_button(page: Page):
    ink = "getComputedStyle(document.body).color"
    light = page.evaluate(ink)
    page.prefer("dark")
    page.evaluate(SETTLED)
    assert page.evaluate(ink) != light
    page.evaluate("document.getElementById('theme').click()")
    assert page.evaluate(ink) == light
    assert texts(page, "#theme") == ["Dark"]


def test_hostile_names_are_shown_and_run_nothing(browser: Page, content: Content, tmp_path: Path):
    assert content.prices is not None
    bars = [replace(one, symbol=f"{at}{HOSTILE}") for at, one in enumerate(content.prices.bars)]
    summary = {**content.summary, "digest": HOSTILE, "run_dir": HOSTILE}
    summary["made_from"] = {"code": {HOSTILE: HOSTILE}, "bars": {HOSTILE: HOSTILE}}
    summary["benchmark"] = {"symbol": HOSTILE, "total_return": 0.5}
    hostile = replace(
        content,
        **dict.fromkeys(("title", "subtitle", "missing", "configuration", "command"), HOSTILE),
        notes=[HOSTILE],
        summary=summary,
        symbols=[one.symbol for one in bars],
        prices=replace(
            content.prices, bars=bars, lines=[replace(content.prices.lines[0], name=HOSTILE)]
        ),
    )
    path = tmp_path / "report.html"
    path.write_bytes(page_of(hostile))
    browser.open(path, DRAWN)
    assert browser.messages == []
    assert browser.evaluate("typeof hacked") == "undefined"
    assert browser.evaluate("document.images.length") == 0
    assert texts(browser, "h1") == texts(browser, "#notes li") == [HOSTILE]
    assert f"0{HOSTILE}" in texts(browser, ".trades tbody td:nth-child(2)")


def test_a_page_without_prices_or_trips_is_drawn(browser: Page, content: Content, tmp_path: Path):
    none = content.trips.part([])
    path = tmp_path / "report.html"
    for bare in (
        replace(content, prices=None, missing="They are gone."),
        replace(content, trips=none),
        replace(content, prices=None, trips=none),
    ):
        path.write_bytes(page_of(bare))
        browser.open(path, DRAWN)
        assert browser.messages == []
        assert len(texts(browser, ".candles")) == (bare.prices is not None)
        assert len(texts(browser, ".trades table")) == (len(bare.trips) > 0)
