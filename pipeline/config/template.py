"""A configuration as commented TOML, for somebody who edits it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Container, Iterator, Mapping
from typing import Any

from pipeline.config.listing import Setting, SettingSection, sections_of
from pipeline.config.session import SessionConfig

_WIDTH = 96


def commented(settings: Mapping[str, Any], head: str = "") -> str:
    """Return settings as TOML in which each has its meaning above it.

    All other settings are there as comments with their defaults. ``head`` is a comment at the top.
    A section that is absent by default, such as "sweep", is a comment as a whole.
    """
    sections = [
        one
        for one in sections_of(SessionConfig.json_schema())
        if "[" not in one.path and "NAME" not in one.path
    ]
    apart = {one.path for one in sections}
    absent = {one.path for some in sections for one in some.settings if one.default == "`null`"}
    off: set[str] = set()
    blocks = [_comment(head)] if head else []
    for section in sections:
        given = _found(settings, section.path)
        if given is None and {section.path, section.path.rpartition(".")[0]} & (absent | off):
            off.add(section.path)
        lines = _section(section, given or {}, apart, is_off=section.path in off)
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def _found(settings: Mapping[str, Any], path: str) -> Mapping[str, Any] | None:
    found: Any = settings
    for name in path.split(".") if path else ():
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else None


def _section(
    section: SettingSection, given: Mapping[str, Any], apart: Container[str], *, is_off: bool
) -> Iterator[str]:
    """Yield the lines of a section; settings that are sections of their own stand ``apart``."""
    if section.path:
        yield _comment(_first_sentence(section.meaning))
        yield f"{'# ' if is_off else ''}[{section.path}]"
    lines: list[str] = []
    for one in section.settings:
        if one.path in apart:
            continue
        value = given.get(one.name)
        lines += ["", _comment(_first_sentence(one.meaning)), _line(one, value)]
    yield from lines if section.path else lines[1:]


def _line(one: Setting, value: Any) -> str:
    """Return the line of a setting: its value, or as a comment its default or what it can be."""
    if value is not None:
        return f"{one.name} = {_toml(value)}"
    default = one.default.strip("`")
    if default in ("null", "required"):
        return f"# {one.name} =   # {one.values.replace('`', '')}"
    return f"# {one.name} = {default}"


def _toml(value: Any) -> str:
    """Return a value as TOML has it: but for tables, in braces here, as JSON has it."""
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{json.dumps(name)} = {_toml(one)}" for name, one in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def _comment(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="# ", subsequent_indent="# ")


def _first_sentence(text: str) -> str:
    head, dot, _ = text.partition(". ")
    return head + ("." if dot and not head.endswith(".") else "")
