"""What to write in place of a text that is no list, section or number, as a setting expects it."""

import json
import re
from collections.abc import Iterable, Mapping, Set
from typing import Any

Schema = Mapping[str, Any]

#: Quotes of shells, of JSON, of Python and of word processors.
_QUOTES = "\"'\u2018\u2019\u201c\u201d"


def resolve(node: Schema, schema: Schema) -> Schema:
    """Follow the references of a node of a JSON Schema."""
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    return node


def hint(name: str, value: object, node: Schema, schema: Schema) -> str:
    """Return what to write in place of a value that is no list and no section; "" if unknown.

    A list or a section on the command line is a text if the shell has taken its quotes away.
    """
    if isinstance(value, list | tuple):
        return ""
    if isinstance(value, Iterable) and not isinstance(value, str | Mapping):
        way = "sorted" if isinstance(value, Set) else "list"
        return f"; make a list of it: {way}(...)" if _list_form(node, schema) else ""
    text = value if isinstance(value, str) else ""
    is_bracketed = text[:1] + text[-1:] in ("[]", "{}")
    meant = (
        _range_meant(text, node, schema)
        or _list_meant(value, node, schema)
        or (_quoted(re.sub(f"[{_QUOTES}]", "", text)) if is_bracketed else None)
        or _number_meant(text, node, schema)
    )
    example = "" if meant is None else f"--set '{name}={meant}'"
    if is_bracketed and not any(quote in text for quote in _QUOTES):
        way = "; a shell takes double quotes away: put the whole in single quotes"
        return f"{way}, {example}" if example else way
    if meant is not None and _is_scalar(meant):
        return f"; write {meant}"
    return f"; write {meant}, in a shell {example}" if example else ""


def _number_meant(text: str, node: Schema, schema: Schema) -> str | None:
    """Return the number that a text with a currency's sign or separators was meant for, or None."""
    kinds = {resolve(one, schema).get("type") for one in node.get("anyOf", [node])}
    found = re.fullmatch(r"\s*[$\u20ac\u00a3]?\s*(\d{1,3}(?:[,_' ]\d{3})*|\d+)(\.\d+)?\s*", text)
    if found is None or not kinds & {"number", "integer"}:
        return None
    return re.sub(r"\D", "", found[1]) + (found[2] or "")


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
    forms = (resolve(form, schema) for form in node.get("oneOf", ()))
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
        found = resolve(form, schema)
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
