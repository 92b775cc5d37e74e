"""The message for a refused configuration: one line that names setting, value and expectation.

Pydantic finds the faults. The words come from the JSON Schema of the configuration, so that a
message and the documentation cannot disagree.
"""

import json
from collections.abc import Iterator, Mapping, Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from pipeline.config.hints import Schema, resolve
from pipeline.config.hints import hint as hint_of
from pipeline.errors import nearest

OBJECT = "<object>"
LIST = "<list>"
"""Tags of the two forms of a setting that is either one object or a list of objects."""

_RETIRED = {
    "quality_update_frequency": "is no longer a setting: quality is event-driven, each bar that"
    " arrives or is missing updates it; remove the setting",
}
_LONGEST_VALUE = 60


def list_or_object(value: object) -> str:
    """Return the tag, LIST or OBJECT, of the form in which a setting is written."""
    return LIST if isinstance(value, list | tuple) else OBJECT


def expectation(text: str, *, field: str = "", value: object = None) -> PydanticCustomError:
    """Return the error for a validator to raise: the refused value was expected to be `text`.

    A validator of a whole section gives the name of the wrong `field` in it, and its `value`.
    """
    return PydanticCustomError(
        "expected", "expected {text}", {"text": text, "field": field, "value": value}
    )


def explain(error: ValidationError, schema: Schema) -> str:
    """Return one line about everything that is wrong, with ``"; "`` between two problems.

    `schema` is the JSON Schema of the model that raised `error`.
    """
    found = error.errors(include_url=False)
    # Pydantic also calls a list with a faulty element too short. The element's problem is enough.
    faulty = {item["loc"][:depth] for item in found for depth in range(len(item["loc"]))}
    problems = dict.fromkeys(
        _problem(item, schema)
        for item in found
        if not (item["type"] == "too_short" and item["loc"] in faulty)
    )
    line = " ".join("; ".join(problems).split())
    return line.encode(errors="backslashreplace").decode()


def _problem(item: ErrorDetails, schema: Schema) -> str:
    path, node = _locate(schema, item["loc"])
    name = ".".join(path) or "the configuration"
    if item["type"] == "extra_forbidden":
        return _unknown([*path, str(item["loc"][-1])], node, schema)
    if item["type"] == "missing":
        return f"{name} is missing, expected {_describe(node, schema)}"
    if item["type"] == "invalid_key" or (
        item["loc"][-1:] == ("[key]",) and item["type"] != "expected"
    ):
        return f"{name} has the name {_show(item['input'])}, expected a name in quotes"
    if item["type"] != "expected":
        value = item["input"]
        way = hint_of(name, value, resolve(node, schema), schema)
        return f"{name} is {_show(value)}, expected {_describe(node, schema)}{way}"
    context = item["ctx"]
    if context["field"]:
        name, value = ".".join([*path, context["field"]]), context["value"]
    else:
        value = item["input"]
    return f"{name} is {_show(value)}, expected {context['text']}"


def _locate(schema: Schema, location: Sequence[int | str]) -> tuple[list[str], Schema]:
    """Follow an error's location through the schema; return the path of names and the last node.

    The path ends at the last part of the location that is the name of a setting or the number of
    an element.
    """
    path: list[str] = []
    node: Schema = resolve(schema, schema)
    for depth, step in enumerate(location, start=1):
        node = _without_null(node, schema)
        if step in (OBJECT, LIST):
            if depth == len(location):
                break
            wanted = "array" if step == LIST else "object"
            branches = (resolve(branch, schema) for branch in node["oneOf"])
            node = next(branch for branch in branches if branch["type"] == wanted)
            continue
        below = node.get("properties", {}).get(step)
        if below is None and isinstance(step, int):
            below = node.get("items")
        if below is None and isinstance(step, str):
            below = _entry(node)
        if below is None:
            break
        path.append(str(step))
        node = resolve(below, schema)
    return path, node


def _entry(node: Schema) -> Schema | None:
    """Return the schema of the values in a section with free names; None for any other section."""
    entries = [node.get("additionalProperties"), *node.get("patternProperties", {}).values()]
    return next((entry for entry in entries if isinstance(entry, Mapping)), None)


def _without_null(node: Schema, schema: Schema) -> Schema:
    """Return the schema of a section that may also be null without the null; others unchanged."""
    choices = [choice for choice in node.get("anyOf", ()) if choice.get("type") != "null"]
    return resolve(choices[0], schema) if len(choices) == 1 else node


def _unknown(path: list[str], section: Schema, schema: Schema) -> str:
    name, key = ".".join(path), path[-1]
    section = _without_null(section, schema)
    if key in _RETIRED:
        return f"{name} {_RETIRED[key]}"
    settings = list(_settings(schema, schema, ""))
    if key in settings and "." in key:
        return f"{name} is not a setting by its dotted name; write it as sections inside sections"
    here = list(section.get("properties", {}))
    leaves = {setting.rpartition(".")[2]: setting for setting in reversed(settings)}
    if near := nearest(key, here, 1):
        meant = ".".join([*path[:-1], near[0]])
    elif near := nearest(key, leaves, 1, cutoff=0.8):
        meant = leaves[near[0]]
    else:
        own = "" if len(path) > 1 else f"; a parameter has the name strategy.parameters.{name}"
        return f"{name} is not a setting, expected one of {', '.join(here)}{own}"
    return f"{name} is not a setting; did you mean {meant}?"


def _settings(node: Schema, schema: Schema, above: str) -> Iterator[str]:
    """Yield the dotted names of all settings, each section before the settings in it."""
    node = _without_null(resolve(node, schema), schema)
    for branch in node.get("oneOf", [node]):
        for name, below in resolve(branch, schema).get("properties", {}).items():
            yield f"{above}{name}"
            yield from _settings(below, schema, f"{above}{name}.")


def _describe(node: Schema, schema: Schema) -> str:
    """Return in words which values the schema accepts here."""
    node = resolve(node, schema)
    if one := node.get("oneOf"):
        section, many = (resolve(branch, schema) for branch in one)
        if many["items"] != one[0]:
            return f"{_describe(section, schema)}, or {_describe(many, schema)}"
        return f"{_describe(section, schema)}, or a list of at least one such section"
    if choices := node.get("anyOf"):
        numbers = any(choice.get("type") == "number" for choice in choices)
        return " or ".join(
            _describe(choice, schema)
            for choice in choices
            if not (numbers and choice.get("type") == "integer")
        )
    if "const" in node:
        return _show(node["const"])
    if "enum" in node:
        return f"one of {', '.join(_show(choice) for choice in node['enum'])}"
    match node.get("type"):
        case "integer":
            return f"a whole number{_bounds(node)}"
        case "number":
            return f"a finite number{_bounds(node)}"
        case "boolean":
            return "true or false"
        case "null":
            return "null"
        case "string" if node.get("format") == "date":
            return "a date written as YYYY-MM-DD"
        case "string":
            return "text that is not empty" if node.get("minLength") else "text in quotes"
        case "array":
            least = f" of at least {node['minItems']}" if "minItems" in node else ""
            return f"a list{least}, each {_describe(node['items'], schema)}"
    if "properties" in node:
        return f"a section with {', '.join(node['properties'])}"
    entry = _entry(node)
    return "a section of names" + (f", each with {_describe(entry, schema)}" if entry else "")


def _bounds(node: Schema) -> str:
    least, most = node.get("minimum"), node.get("maximum")
    above, below = node.get("exclusiveMinimum"), node.get("exclusiveMaximum")
    if least is not None and most is not None:
        return f" from {least} to {most}"
    if least is not None:
        return f" of at least {least}"
    if above is not None and below is not None:
        return f" above {above} and below {below}"
    return f" above {above}" if above is not None else ""


def _show(value: object) -> str:
    """Return a value as it is written in a configuration file, cut if it is long."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):
        text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."
