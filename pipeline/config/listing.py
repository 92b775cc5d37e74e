"""Lists every setting with its values, default and meaning, from the JSON schema.

The page of settings in config/README.md and `ringtape settings` are made of it.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """One setting. Words of JSON stand in backquotes."""

    #: Its section, a dot and its name, such as "backtest_config.start_date".
    path: str
    name: str
    #: The values that it takes.
    values: str
    #: "`0`", "required", or "see below" for a section with settings of its own.
    default: str
    meaning: str


@dataclass(frozen=True)
class SettingSection:
    """A section and its settings; the path of the file itself is empty."""

    path: str
    meaning: str
    settings: tuple[Setting, ...]


def sections_of(schema: Schema) -> Iterator[SettingSection]:
    """Give each section of a configuration once, under the first path that it is found at."""
    for path, section in _sections("", schema, schema, set()):
        yield SettingSection(
            path,
            section.get("description", ""),
            tuple(_setting(path, name, section, schema) for name in section["properties"]),
        )


def _setting(path: str, name: str, section: Schema, root: Schema) -> Setting:
    one = section["properties"][name]
    text = one.get("description") or _target(one, root).get("description", "")
    text = re.sub(r"\s*Default (\[.*\]|[^ ]+)\.$", "", " ".join(text.split()))
    default = "required" if name in section.get("required", ()) else _default(one)
    return Setting(f"{path}.{name}".removeprefix("."), name, _words(one, root), default, text)


def _target(schema: Schema, root: Schema) -> Schema:
    """Follow a reference into the schema's definitions."""
    found: Schema = schema
    if "$ref" in schema:
        found = root["$defs"][schema["$ref"].rpartition("/")[2]]
    return found


def _forms(schema: Schema) -> list[Schema]:
    """Give the forms that a value may take, one or several."""
    found: list[Schema] = schema.get("anyOf") or schema.get("oneOf") or [schema]
    return found


def _sections(
    path: str, schema: Schema, root: Schema, seen: set[int]
) -> Iterator[tuple[str, Schema]]:
    """Give each section in or below ``schema`` once, under the first dotted path it is found at."""
    found = _target(schema, root)
    if id(found) in seen:
        return
    seen.add(id(found))
    if "properties" in found:
        yield path, found
        for name, one in found["properties"].items():
            for form in _forms(one):
                yield from _sections(f"{path}.{name}".removeprefix("."), form, root, seen)
    for name, inner in _inner(found):
        for form in _forms(inner):
            yield from _sections(path + name, form, root, seen)


def _inner(found: Schema) -> Iterator[tuple[str, Schema]]:
    """Give what an object of names, or a list, holds."""
    named = [found.get("additionalProperties"), *found.get("patternProperties", {}).values()]
    yield from ((".NAME", one) for one in named if isinstance(one, dict))
    if isinstance(found.get("items"), dict):
        yield "[]", found["items"]


def _default(schema: Schema) -> str:
    value = schema.get("default")
    if isinstance(value, dict) and value:
        return "see below"
    if isinstance(value, float) and value == int(value):
        value = int(value)
    return f"`{json.dumps(value)}`"


def _words(schema: Schema, root: Schema) -> str:
    """Say in words what values a setting takes."""
    words = list(dict.fromkeys(_word(form, root) for form in _forms(schema)))
    if any(word.startswith("number") for word in words):
        words = [word for word in words if not word.startswith("whole number")]
    return " or ".join(words)


def _word(schema: Schema, root: Schema) -> str:
    found = _target(schema, root)
    if "enum" in found:
        return ", ".join(f"`{json.dumps(value)}`" for value in found["enum"])
    kind = found["type"]
    if "properties" in found:
        return "section"
    if kind == "array":
        return _list(found, root)
    if kind == "string":
        return "date" if found.get("format") == "date" else "text"
    plain = {
        "integer": "whole number",
        "number": "number",
        "boolean": "`true`, `false`",
        "object": "values by name",
        "null": "`null`",
    }
    return plain[kind] + _bounds(found)


def _list(found: Schema, root: Schema) -> str:
    if "prefixItems" in found:
        return f"list of {len(found['prefixItems'])}"
    inner = " or ".join(dict.fromkeys(_word(form, root) for form in _forms(found["items"])))
    return "list of " + re.sub(r"^(section|text|whole number|number)", r"\1s", inner)


def _bounds(found: Schema) -> str:
    low, above = found.get("minimum"), found.get("exclusiveMinimum")
    high, below = found.get("maximum"), found.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f", {low:,} to {high:,}"
    named = (("at least", low), ("above", above), ("at most", high), ("below", below))
    words = [f"{name} {bound:,}" for name, bound in named if bound is not None]
    return f", {' and '.join(words)}" if words else ""
