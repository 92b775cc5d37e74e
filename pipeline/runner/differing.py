"""In which settings the configurations of some runs differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

#: Stands for a value that a configuration does not have.
ABSENT = object()


def with_defaults(
    configs: Sequence[dict[str, Any]], summaries: Sequence[Mapping[str, Any]]
) -> Sequence[dict[str, Any]]:
    """Return the configurations of runs, with the defaults of parameters if all summaries do."""
    lanes = [summary.get("lanes") or [] for summary in summaries]
    sections = [_elements(config.get("strategy")) for config in configs]
    if any(map(_are_other, sections, lanes)):
        return configs
    return [
        {
            **config,
            "strategy": [
                {**one, "parameters": lane["parameters"]}
                for one, lane in zip(strategies, theirs, strict=True)
            ],
        }
        for config, strategies, theirs in zip(configs, sections, lanes, strict=True)
    ]


def _are_other(strategies: Sequence[Any], lanes: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a summary's lanes do not say which parameters a run's strategies have."""
    return len(strategies) != len(lanes) or not all("parameters" in lane for lane in lanes)


def differing(configs: Sequence[Any], path: str = "") -> Iterator[tuple[str, Sequence[Any]]]:
    """Give the path of each setting in which any configurations differ, and the value of each.

    Paths are those that `--set` takes: an element of a list of sections is named by its number,
    from 0, but for the only element. A section is the same as a list of it alone. The value of a
    configuration without the setting is `ABSENT`.
    """
    if any(map(_is_list, configs)):
        lists = list(map(_elements, configs))
        several = max(map(len, lists)) > 1
        for index, ones in enumerate(zip_longest(*lists, fillvalue=ABSENT)):
            yield from differing(ones, f"{path}.{index}" if several else path)
    elif (
        any(configs)
        and any(isinstance(one, dict) for one in configs)
        and all(map(_may_be, configs))
    ):
        sections = [one if isinstance(one, dict) else {} for one in configs]
        for name in dict.fromkeys(name for section in sections for name in section):
            values = [section.get(name, ABSENT) for section in sections]
            yield from differing(values, f"{path}.{name}".removeprefix("."))
    elif any(one != configs[0] for one in configs):
        yield path, configs


def _may_be(value: Any) -> bool:
    """Whether a value is a section, or stands for one that is not there."""
    return isinstance(value, dict) or value is None or value is ABSENT


def _is_list(value: Any) -> bool:
    """Whether a value is a list of sections."""
    return isinstance(value, list) and any(isinstance(one, dict) for one in value)


def _elements(value: Any) -> list[Any]:
    """Return the sections of a list, or the only one."""
    if value is None or value is ABSENT:
        return []
    return value if isinstance(value, list) else [value]
