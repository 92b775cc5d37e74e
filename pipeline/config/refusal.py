"""The message for a refused configuration: one line that names setting, value and expectation.

Pydantic finds the faults. The words come from the JSON Schema of the configuration, so that a
message and the documentation cannot disagree.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from pipeline.errors import nearest

Schema = Mapping[str, Any]

OBJECT = "<object>"
LIST = "<list>"
"""Tags of the two forms of a setting that is either one object or a list of objects."""

_RETIRED = {
    "quality_update_frequency": "is no longer a setting: quality is event-driven, each bar that"
    " arrives or is missing updates it; remove the setting",
}
_LONGEST_VALUE = 60
#: Quotes of shells, of JSON, of Python and of word processors.
_QUOTES = "\"'\u2018\u2019\u201c\u201d"


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
        hint = _hint(name, value, _resolve(node, schema), schema)
        return f"{name} is {_show(value)}, expected {_describe(node, schema)}{hint}"
    context = item["ctx"]
    if context["field"]:
        name, value = ".".join([*path, context["field"]]), context["value"]
    else:
        value = item["input"]
    return f"{name} is {_show(value)}, expected {context['text']}"


def _hint(name: str, value: object, node: Schema, schema: Schema) -> str:
    """Return what to write in place of a value that is no list and no section; "" if unknown.

    A list or a section on the command line is a text if the shell has taken its quotes away.
    """
    text = value if isinstance(value, str) else ""
    meant = _range_meant(text, node, schema) or _list_meant(value, node, schema) or _quoted(text)
    example = "" if meant is None else f"--set '{name}={meant}'"
    if text[:1] + text[-1:] in ("[]", "{}") and not any(quote in text for quote in _QUOTES):
        way = "; a shell takes double quotes away: put the whole in single quotes"
        return f"{way}, {example}" if example else way
    is_list = bool(example) and _list_form(node, schema) is not None
    return f"; write {meant}, in a shell {example}" if is_list else ""


def _list_meant(value: object, node: Schema, schema: Schema) -> str | None:
    """Return the list that a value was meant for where ``node`` has a list of texts or numbers.

    It is in terms of JSON, without spaces. None if the value is empty or the node has no such list.
    """
    form = _list_form(node, schema)
    if form is None or not isinstance(value, str | int | float):
        return None
    kinds = {one.get("type") for one in form["items"].get("anyOf", [form["items"]])}
    words = words_meant(value if isinstance(value, str) else json.dumps(value))
    elements = [json.dumps(one, ensure_ascii=False) for one in words]
    if kinds != {"string"}:
        elements = [
            word if _is_scalar(word) else one for word, one in zip(words, elements, strict=True)
        ]
    return f"[{','.join(elements)}]" if elements else None


def _range_meant(text: str, node: Schema, schema: Schema) -> str | None:
    """Return the range that a text such as 5:20:5 was meant for; None if it is none.

    The end of one as in Python, range(5, 20, 5), is its last value.
    """
    forms = (_resolve(form, schema) for form in node.get("oneOf", ()))
    if not any("from" in form.get("properties", ()) for form in forms):
        return None
    python = re.fullmatch(r"\s*range\((\d+),\s*(\d+)(?:,\s*(\d+))?\)\s*", text)
    if python is not None:
        start, stop, step = (int(one or 1) for one in python.groups())
        values = range(start, stop, step or 1)
        ends = [values[0], values[-1], values.step] if values else []
    else:
        number = r"-?\d+(?:\.\d+)?"
        found = re.fullmatch(rf"\s*({number})(?::|\.\.)({number})(?::({number}))?\s*", text)
        ends = [json.loads(one) for one in found.groups() if one] if found else []
    meant = dict(zip(("from", "to", "step"), ends, strict=False))
    return json.dumps(meant, separators=(",", ":")) if meant else None


def words_meant(text: str) -> list[str]:
    """Return the elements of a list that is written without the quotes or brackets of JSON.

    They stand between commas or semicolons, else between spaces. A comma in parentheses is a
    function's, and a space beside a sign that of an expression.
    """
    inner = text.strip().removeprefix("[").removesuffix("]")
    if re.fullmatch(r"\([^()]*\)|\{[^{}]*\}", inner):
        inner = inner[1:-1]
    pieces = re.split(r"[,;](?![^(]*\))", inner)
    if len(pieces) == 1 and not re.search("[-+*/<>=()] | and | or ", inner):
        pieces = inner.split()
    return [word for one in pieces if (word := one.strip(f" \t{_QUOTES}"))]


def _list_form(node: Schema, schema: Schema) -> Schema | None:
    """Return the form of a setting that is a list of texts or numbers; None if it has none."""
    for form in node.get("anyOf") or node.get("oneOf") or [node]:
        found = _resolve(form, schema)
        items = found.get("items")
        kinds = [one.get("type") for one in items.get("anyOf", [items])] if items else [None]
        if not {None, "object", "array"}.intersection(kinds):
            return found
    return None


def _is_scalar(word: str) -> bool:
    """Whether a word is a number, true or false in JSON."""
    try:
        return isinstance(json.loads(word), int | float)
    except ValueError:
        return False


def _quoted(text: str) -> str | None:
    """Return JSON without its quotes with them; None if it cannot be known where they were."""

    def quote(word: "re.Match[str]") -> str:
        try:
            json.loads(word[0])
        except ValueError:
            return json.dumps(word[0], ensure_ascii=False)
        return word[0]

    found = re.sub(r"[^][{}:,\s\"']+", quote, text)
    try:
        json.loads(found)
    except (ValueError, RecursionError):
        return None
    return found


def _locate(schema: Schema, location: Sequence[int | str]) -> tuple[list[str], Schema]:
    """Follow an error's location through the schema; return the path of names and the last node.

    The path ends at the last part of the location that is the name of a setting or the number of
    an element.
    """
    path: list[str] = []
    node: Schema = _resolve(schema, schema)
    for depth, step in enumerate(location, start=1):
        node = _without_null(node, schema)
        if step in (OBJECT, LIST):
            if depth == len(location):
                break
            wanted = "array" if step == LIST else "object"
            branches = (_resolve(branch, schema) for branch in node["oneOf"])
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
        node = _resolve(below, schema)
    return path, node


def _entry(node: Schema) -> Schema | None:
    """Return the schema of the values in a section with free names; None for any other section."""
    entries = [node.get("additionalProperties"), *node.get("patternProperties", {}).values()]
    return next((entry for entry in entries if isinstance(entry, Mapping)), None)


def _resolve(node: Schema, schema: Schema) -> Schema:
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    return node


def _without_null(node: Schema, schema: Schema) -> Schema:
    """Return the schema of a section that may also be null without the null; others unchanged."""
    choices = [choice for choice in node.get("anyOf", ()) if choice.get("type") != "null"]
    return _resolve(choices[0], schema) if len(choices) == 1 else node


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
    node = _without_null(_resolve(node, schema), schema)
    for branch in node.get("oneOf", [node]):
        for name, below in _resolve(branch, schema).get("properties", {}).items():
            yield f"{above}{name}"
            yield from _settings(below, schema, f"{above}{name}.")


def _describe(node: Schema, schema: Schema) -> str:
    """Return in words which values the schema accepts here."""
    node = _resolve(node, schema)
    if one := node.get("oneOf"):
        section, many = (_resolve(branch, schema) for branch in one)
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
