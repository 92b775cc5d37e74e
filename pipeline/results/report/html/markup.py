"""Pieces of HTML. Every text goes through `text`, so that nothing in it is taken for markup."""

import html
import json
from collections.abc import Iterable, Sequence
from typing import Any


def text(value: object) -> str:
    """Return a text as HTML shows it."""
    return html.escape(str(value))


def number(path: str, value: Any, shown: str) -> str:
    """Return a figure of summary.json with its place in it and its exact value."""
    exact = "" if value is None else repr(value)
    return f'<data data-figure="{text(path)}" value="{text(exact)}">{text(shown)}</data>'


def terms(pairs: Iterable[tuple[str, str]]) -> str:
    """Return pairs of a term, a text, and its description, HTML, as a list's content."""
    return "\n".join(f"<div><dt>{text(term)}</dt><dd>{given}</dd></div>" for term, given in pairs)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """Return a table; cells are HTML, the first of a row is its heading."""
    cells = "".join(f'<th scope="col">{text(one)}</th>' for one in head)
    lines = [
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>'
        for row in rows
    ]
    told = f"<caption>{text(caption)}</caption>" if caption else ""
    return f"<table>{told}<thead><tr>{cells}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def figure(title: str, drawing: str, told: str, more: str = "", *, wide: bool = False) -> str:
    """Return a figure with a title and what it shows in words; ``more`` is HTML behind them."""
    kind = "figure wide-figure" if wide else "figure"
    return (
        f'<figure class="{kind}"><h3>{text(title)}</h3>{drawing}'
        f"<figcaption>{text(told)}</figcaption>{more}</figure>"
    )


def as_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table that is shown when it is asked for."""
    return (
        '<details><summary>As a table</summary><div class="wide" tabindex="0">'
        f"{table(head, rows)}</div></details>"
    )


def script_json(value: Any) -> str:
    """Return `value` as JSON that may stand in a <script> element, whatever texts it holds.

    Characters outside ASCII and those with a meaning in HTML are escaped. So no text can end the
    element, begin a comment, or end a line of JavaScript.
    """
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    # These three characters occur only inside strings, where the escape means the same.
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
