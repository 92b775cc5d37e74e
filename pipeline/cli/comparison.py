"""`ringtape runs --compare`: in what two runs differ, and the figures of both."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipeline.cli.made_otherwise import made_lines, made_otherwise
from pipeline.cli.output import LONGEST_TEXT, format_table, print_json, print_text, short_text
from pipeline.results.report.figures import number
from pipeline.runner.differing import ABSENT, differing, with_defaults

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.results.folder import RunFolder

#: So much of what two long values have in common is shown before they differ.
_BEFORE = 10
#: Figures of a run's first lane that are compared.
_FIGURES = (
    *("final_equity", "total_return", "annual_return", "volatility", "sharpe_ratio"),
    *("sortino_ratio", "max_drawdown", "round_trips", "win_rate", "profit_factor"),
    *("orders", "fills", "commission", "exposure", "digest"),
)


def print_comparison(folders: Sequence[RunFolder], as_json: bool) -> None:
    """Print what differs between two runs."""
    from pipeline.runner.run_folders import summary_of

    summaries = [summary_of(folder) for folder in folders]
    configs = with_defaults([folder.config for folder in folders], summaries)
    settings = dict(differing(configs))
    lanes = [(summary.get("lanes") or [{}])[0] for summary in summaries]
    figures = {name: [lane.get(name) for lane in lanes] for name in _FIGURES}
    made: list[Any] = [summary.get("made_from") for summary in summaries]
    if as_json:
        print_json(
            {
                "runs": [folder.path for folder in folders],
                "settings": {name: list(map(_or_none, both)) for name, both in settings.items()},
                "made_from": made_otherwise(*made) if None not in made else None,
                "figures": figures,
            }
        )
        return
    head = [f"{side}  {folder.path.name}" for side, folder in zip("AB", folders, strict=True)]
    blocks = ["\n".join(head)]
    if settings:
        cells = [(name, *_cells(*both)) for name, both in settings.items()]
        blocks.append(format_table(("setting", "A", "B"), cells, right=()))
    else:
        blocks.append("all settings are equal")
    blocks.append("\n".join(made_lines(*made)))
    rows = [(name, *map(_figure, both), _change(*both)) for name, both in figures.items()]
    blocks.append(format_table(("figure", "A", "B", "B-A"), rows, right=("A", "B", "B-A")))
    print_text("\n\n".join(blocks))


def _or_none(value: Any) -> Any:
    return None if value is ABSENT else value


def _cells(one: Any, other: Any) -> tuple[str, str]:
    """Return two values as they are shown: of long ones the part in which they differ."""
    left, right = ("-" if value is ABSENT else json.dumps(value) for value in (one, other))
    pairs = enumerate(zip(left, right, strict=False))
    same = next((at for at, (a, b) in pairs if a != b), min(len(left), len(right)))
    skipped = same - _BEFORE
    if max(len(left), len(right)) > LONGEST_TEXT and skipped > 0:
        left, right = f"...{left[skipped:]}", f"...{right[skipped:]}"
    return short_text(left), short_text(right)


def _figure(value: Any) -> str:
    if value is None or isinstance(value, float):
        return number(value, ",.6g")
    return str(value)


def _change(one: Any, other: Any) -> str:
    if one is None or other is None:
        return "-"
    if isinstance(one, str):
        return "equal" if one == other else "differ"
    return _figure(other - one)
