"""`ringtape runs --compare`: in what two runs differ, and the figures of both."""

from __future__ import annotations

import json
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from pipeline.cli.made_otherwise import made_lines, made_otherwise
from pipeline.cli.output import LONGEST_TEXT, format_table, print_json, print_text, short_text
from pipeline.results.report.figures import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipeline.results.folder import RunFolder

#: So much of what two long values have in common is shown before they differ.
_BEFORE = 10
#: Figures of a run's first lane that are compared.
_FIGURES = (
    *("final_equity", "total_return", "annual_return", "volatility", "sharpe_ratio"),
    *("sortino_ratio", "max_drawdown", "round_trips", "win_rate", "profit_factor"),
    *("orders", "fills", "commission", "exposure", "digest"),
)
#: Stands for a value that one of two configurations does not have.
_ABSENT = object()


def print_comparison(folders: Sequence[RunFolder], as_json: bool) -> None:
    """Print what differs between two runs."""
    from pipeline.runner.run_folders import summary_of

    summaries = [summary_of(folder) for folder in folders]
    one, other = _configs(folders, summaries)
    settings = dict(_differing(one, other))
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


def _configs(folders: Sequence[RunFolder], summaries: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the configurations of runs, with the defaults of parameters if all summaries do."""
    configs = [folder.config for folder in folders]
    lanes = [summary.get("lanes") or [] for summary in summaries]
    sections = [_elements(config.get("strategy")) for config in configs]
    if any(map(_are_other, sections, lanes)):
        return configs
    for config, strategies, theirs in zip(configs, sections, lanes, strict=True):
        config["strategy"] = [
            {**one, "parameters": lane["parameters"]}
            for one, lane in zip(strategies, theirs, strict=True)
        ]
    return configs


def _are_other(strategies: Sequence[Any], lanes: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a summary's lanes do not say which parameters a run's strategies have."""
    return len(strategies) != len(lanes) or not all("parameters" in lane for lane in lanes)


def _differing(one: Any, other: Any, path: str = "") -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Give the path of each setting in which two configurations differ, and both values.

    Paths are those that `--set` takes: an element of a list of sections is named by its number,
    from 0, but for the only element. A section is the same as a list of it alone.
    """
    both = one, other
    if any(map(_is_list, both)):
        lists = _elements(one), _elements(other)
        several = max(map(len, lists)) > 1
        for index, pair in enumerate(zip_longest(*lists, fillvalue=_ABSENT)):
            yield from _differing(*pair, f"{path}.{index}" if several else path)
    elif any(both) and any(isinstance(value, dict) for value in both) and all(map(_may_be, both)):
        sections = [value if isinstance(value, dict) else {} for value in both]
        for name in dict.fromkeys(name for section in sections for name in section):
            pair = tuple(section.get(name, _ABSENT) for section in sections)
            yield from _differing(*pair, f"{path}.{name}".removeprefix("."))
    elif one != other:
        yield path, both


def _may_be(value: Any) -> bool:
    """Whether a value is a section, or stands for one that is not there."""
    return isinstance(value, dict) or value in (None, _ABSENT)


def _is_list(value: Any) -> bool:
    """Whether a value is a list of sections."""
    return isinstance(value, list) and any(isinstance(one, dict) for one in value)


def _elements(value: Any) -> list[Any]:
    """Return the sections of a list, or the only one."""
    if value in (None, _ABSENT):
        return []
    return value if isinstance(value, list) else [value]


def _or_none(value: Any) -> Any:
    return None if value is _ABSENT else value


def _cells(one: Any, other: Any) -> tuple[str, str]:
    """Return two values as they are shown: of long ones the part in which they differ."""
    left, right = ("-" if value is _ABSENT else json.dumps(value) for value in (one, other))
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
