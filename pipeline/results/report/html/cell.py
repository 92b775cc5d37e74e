"""What a notebook shows of a run: a small table, and its equity above its drawdowns."""

from __future__ import annotations

from pipeline.results.report.figures import many, percent
from pipeline.results.report.html import drawings, headline, markup
from pipeline.results.report.html.axes import Timeline, axis_of, short
from pipeline.results.report.html.content import Content
from pipeline.results.report.html.drawings import Curve

STYLE = """
.ringtape { max-width: 720px; font: 13px/1.45 system-ui, sans-serif; }
.ringtape text { fill: currentColor; opacity: 0.65; font-size: 11px; }
"""
"""The style of all cells. A notebook has none of ours: colours can be read on light and on dark."""
_STYLE = (
    STYLE
    + """
.ringtape dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(130px, 1fr));
  gap: 6px 14px; margin: 8px 0; }
.ringtape dt { opacity: 0.65; font-size: 12px; }
.ringtape dd { margin: 0; font-weight: 600; }
.ringtape .plot { display: flex; margin: 4px 0; }
.ringtape .scale { flex: 0 0 56px; width: 56px; }
.ringtape .area { flex: 1 1 0; width: 100%; min-width: 0; overflow: visible; }
.ringtape line { stroke: currentColor; opacity: 0.15; }
.ringtape path { vector-effect: non-scaling-stroke; }
.ringtape .line { fill: none; stroke-width: 1.5; }
.ringtape .line.first { stroke: #3b82b0; }
.ringtape .line.loss { stroke: #d0584e; }
.ringtape .fill.loss { fill: #d0584e; fill-opacity: 0.18; }
.ringtape ul { margin: 6px 0; padding-left: 18px; }
"""
)
_NOTES = 3


def cell_of(content: Content) -> str:
    """Return a run as HTML for the cell of a notebook; the content needs no prices."""
    notes = [f"<li>{markup.text(note)}</li>" for note in content.notes[:_NOTES]]
    if len(content.notes) > _NOTES:
        notes.append(f"<li>{many(len(content.notes) - _NOTES, 'more note')}</li>")
    told = f"<ul>{''.join(notes)}</ul>" if notes else ""
    return (
        f"<style>{_STYLE}</style>"
        f'<div class="ringtape"><b>{markup.text(content.title)}</b>'
        f"<div>{markup.text(content.subtitle)}</div><dl>{headline.headline(content)}</dl>"
        f"{_curves(content)}{told}</div>"
    )


def frame_of(page: bytes, height: int) -> str:
    """Return a whole page as a frame in the cell of a notebook, so many pixels high."""
    inside = markup.text(page.decode("utf-8"))
    return (
        f'<iframe srcdoc="{inside}" width="100%" height="{height}" '
        'style="border: 0" title="Report of the run"></iframe>'
    )


def _curves(content: Content) -> str:
    own = content.equity
    if content.sessions is None or not len(own.ts):
        return ""
    timeline = Timeline(content.sessions, lambda ts: ts)
    across, ticks = timeline.share(own.ts), timeline.ticks()
    equity, below = axis_of(own.equity, short), axis_of(-own.drawdown, _percent, zero=True)
    deepest = percent(float(own.drawdown.max()))
    return drawings.curves(
        [Curve("first", across, own.equity)], equity, (), "Equity of the account", 120
    ) + drawings.curves(
        [Curve("loss", across, -own.drawdown, filled=True)],
        below,
        ticks,
        f"Drawdowns of the account, deepest {deepest}",
        70,
    )


def _percent(value: float) -> str:
    return percent(value, 0 if value == 0 or abs(value) >= 0.1 else 1)
