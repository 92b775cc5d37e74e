"""The page as one file: its parts joined, and a policy that lets nothing else run or load.

What may run and load is in `pipeline.results.report.html.policy`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from pipeline.results.report.figures import many
from pipeline.results.report.html import account, headline, markup, trades
from pipeline.results.report.html.axes import Timeline
from pipeline.results.report.html.clock import Clock, clock_of
from pipeline.results.report.html.data import MOST_RESTING, MOST_TRIPS, blocks_of, facts_of
from pipeline.results.report.html.policy import escaped, policy_of

if TYPE_CHECKING:
    from pipeline.results.report.html.content import Content

PAGE = Path(__file__).with_name("page")
_LIBRARY = Path(__file__).with_name("vendor") / "lightweight-charts"
#: The scripts in the order in which they are joined: a file uses functions of earlier files only.
_SCRIPTS = (
    *("numbers.js", "elements.js", "themes.js", "columns.js", "pyramid.js", "clock.js"),
    *("palette.js", "trade_marks.js", "price_chart.js", "trade_table.js", "run.js"),
)
_STYLES = ("looks.css", "run.css")


def page_of(content: Content) -> bytes:
    """Return the page of a run, UTF-8. Equal contents give equal bytes."""
    clock = clock_of(content)
    blocks = blocks_of(content)
    style = read_parts(_STYLES)
    scripts = {
        "first": read_parts(["theme_first.js"]),
        "library": escaped(
            (_LIBRARY / "lightweight-charts.standalone.production.js").read_text(encoding="utf-8")
        ),
        "script": f'(() => {{\n"use strict";\n{read_parts(_SCRIPTS)}\n}})();',
    }
    page = Template((PAGE / "run.html").read_text(encoding="utf-8")).substitute(
        policy=policy_of(scripts.values(), [style]),
        title=markup.text(content.title),
        subtitle=markup.text(content.subtitle),
        style=style,
        notes=_notes(content.notes),
        headline=headline.headline(content),
        figures=headline.all_figures(content),
        prices=_prices(content, clock),
        account="\n".join(_account(content, clock)),
        trades="\n".join(_trades(content, clock)),
        origin=_origin(content),
        attribution=_attribution(),
        blocks="\n".join(
            f'<script type="text/plain" id="{name}">{block.text}</script>'
            for name, block in blocks.items()
        ),
        facts=markup.script_json(facts_of(content, clock, blocks)),
        **scripts,
    )
    # A name may hold half of a surrogate pair, which UTF-8 cannot express.
    return page.encode("utf-8", "replace")


def read_parts(names: Iterable[str], folder: Path = PAGE) -> str:
    """Return some files of the page, joined."""
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)


def _notes(notes: Iterable[str]) -> str:
    lines = "\n".join(f"<li>{markup.text(note)}</li>" for note in notes)
    return f"<ul>\n{lines}\n</ul>" if lines else '<p class="note">Nothing out of the ordinary.</p>'


def _prices(content: Content, clock: Clock) -> str:
    """Return the chart and the table, of which the script makes the content."""
    parts = [f'<p class="missing">{markup.text(content.missing)}</p>'] if content.missing else []
    if content.prices is not None:
        parts.append(_controls(content))
    chart = (
        '<div class="chart-side"><p class="legend" aria-hidden="true"></p>'
        '<div class="candles" tabindex="0" role="img" aria-describedby="told" '
        'aria-label="Price chart. Arrow keys move it, plus and minus zoom, Home shows all."></div>'
        '<p class="note told" id="told" aria-live="polite"></p></div>'
    )
    table = (
        '<div class="table-side"><div class="trades" tabindex="0" role="region" '
        'aria-label="Table of round trips"></div><p class="note trips-note"></p></div>'
    )
    shown = (chart if content.prices is not None else "") + (table if len(content.trips) else "")
    parts.append(f'<div class="beside">{shown}</div>')
    parts.append(f'<p class="note">{markup.text(_how(content, clock))}</p>')
    return "\n".join(parts)


def _controls(content: Content) -> str:
    prices = content.prices
    assert prices is not None
    place = {symbol: at for at, symbol in enumerate(content.symbols)}
    there = [place[bars.symbol] for bars in prices.bars]
    count = [int((content.trips.symbol == at).sum()) for at in there]
    first = there[count.index(max(count))]
    options = "".join(
        f'<option value="{at}"{" selected" if at == first else ""}>'
        f"{markup.text(content.symbols[at])} ({trips:,})</option>"
        for at, trips in zip(there, count, strict=True)
    )
    return (
        f'<div class="controls"><label>Symbol (round trips)<select name="symbol">{options}'
        '</select></label><label><input type="checkbox" name="alone">Only its round trips'
        "</label></div>"
    )


def _how(content: Content, clock: Clock) -> str:
    """Say how the chart is read."""
    told = [f"Times are those of {clock.name}."]
    if content.prices is not None:
        told.append(
            "A triangle is an entry, pointing up where it was bought; a ring is an exit, and the "
            "line between them has the colour of gain or loss. Dotted lines are stops and targets "
            "while they waited. Bars are joined to longer ones where there are too many in view; "
            "indicators are as known at a bar's close."
        )
        if content.prices.interval != content.prices.base:
            told.append(
                f"The run had bars of {content.prices.base}; the shortest in this page are of "
                f"{content.prices.interval}."
            )
    if len(content.trips) > MOST_TRIPS:
        told.append(
            f"The table has the {MOST_TRIPS:,} largest profits and losses of "
            f"{many(len(content.trips), 'round trip')}; round_trips.parquet has all."
        )
    if len(content.resting.begin) > MOST_RESTING:
        told.append(f"The chart has the {MOST_RESTING:,} stops and targets that waited longest.")
    return " ".join(told)


def _account(content: Content, clock: Clock) -> list[str]:
    if content.sessions is None or not len(content.equity.ts):
        return ['<p class="note">No equity was recorded.</p>']
    timeline = Timeline(content.sessions, clock.local)
    return [
        account.equity_figure(content, timeline),
        account.underwater_figure(content, timeline, clock),
        account.months_figure(content),
        *account.rolling_figures(content, timeline),
        account.returns_figure(content),
        account.exposure_figure(content, timeline),
    ]


def _trades(content: Content, clock: Clock) -> list[str]:
    if not len(content.trips):
        return ['<p class="note">There was no round trip.</p>', trades.cost_figure(content)]
    return [
        *trades.profit_figures(content, clock),
        trades.excursion_figure(content),
        trades.holding_figure(content),
        trades.cost_figure(content),
    ]


def _origin(content: Content) -> str:
    summary = content.summary
    made = summary.get("made_from") or {}
    code = [(f"Code of {name}", markup.text(one)) for name, one in made.get("code", {}).items()]
    bars = made.get("bars", {})
    pairs = [
        ("Digest", markup.number("digest", summary.get("digest"), summary.get("digest") or "-")),
        ("Command", f"<code>{markup.text(content.command)}</code>"),
        ("Run folder", markup.text(summary.get("run_dir", "-"))),
        ("Ringtape", markup.text(f"{made.get('ringtape', '-')}, Python {made.get('python', '-')}")),
        *code,
    ]
    hashes = markup.table(
        ("Series", "Hash"), [(markup.text(name), markup.text(one)) for name, one in bars.items()]
    )
    return (
        f'<dl class="origin">{markup.terms(pairs)}</dl>'
        f"<details><summary>Hashes of {many(len(bars), 'series').removesuffix('s')}</summary>"
        f'<div class="wide" tabindex="0">{hashes}</div></details>'
        "<details><summary>Configuration</summary>"
        f'<pre tabindex="0">{markup.text(content.configuration)}</pre></details>'
    )


def _attribution() -> str:
    notice = (_LIBRARY / "NOTICE").read_text(encoding="utf-8").split("https://")[0]
    link = '<a href="https://www.tradingview.com/" rel="noopener">https://www.tradingview.com/</a>'
    return f"The price chart is drawn by {markup.text(' '.join(notice.split()))} {link}"
