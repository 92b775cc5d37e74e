"""Changes one section of a configuration and leaves the rest of its text as it is."""

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any

_SPACE = re.compile(r"\s*")


def with_entries(text: str, toml: bool, name: str, entries: Mapping[str, int]) -> str:
    """Return the text of a configuration with entries of a section set, TOML or else JSON.

    Other entries, comments and the form of the text stay. ValueError if that cannot be done: the
    text is no such document, or has the section in a form that is not known here.
    """
    if not toml:
        section = json.loads(text).get(name, {})
        return _json_with(text, name, {**section, **entries})
    before = tomllib.loads(text)
    changed = _toml_with(text, name, entries)
    if tomllib.loads(changed) != {**before, name: {**before.get(name, {}), **entries}}:
        raise ValueError(f"the section {name} is no table under a line [{name}]")
    return changed


def _toml_with(text: str, name: str, entries: Mapping[str, int]) -> str:
    """Replace the lines of the entries in a table, and add those that it lacks at its top."""
    lines = text.splitlines()
    head = re.compile(rf"\s*\[\s*{name}\s*\]\s*(#.*)?")
    begin = next((n for n, line in enumerate(lines) if head.fullmatch(line)), None)
    if begin is None:
        lines = [*lines, "", f"[{name}]"] if text.strip() else [f"[{name}]"]
        begin = len(lines) - 1
    following = (n for n, line in enumerate(lines) if n > begin and line.lstrip().startswith("["))
    end = next(following, len(lines))
    missing = []
    for key, value in entries.items():
        found = [n for n in range(begin, end) if re.match(rf"\s*{key}\s*=", lines[n])]
        if found:
            _, hash_sign, comment = lines[found[0]].partition("#")
            lines[found[0]] = f"{key} = {value}" + (f"  #{comment}" if hash_sign else "")
        else:
            missing.append(f"{key} = {value}")
    lines[begin + 1 : begin + 1] = missing
    return "\n".join(lines) + "\n"


def _json_with(text: str, name: str, value: Any) -> str:
    """Replace the value of an entry of a JSON object, which is last if it is new."""
    decoder = json.JSONDecoder()
    if not isinstance(json.loads(text), dict):
        raise ValueError("the text is no JSON object")
    place = text.index("{") + 1
    end, comma = place, ""
    while text[place := _behind(text, place)] != "}":
        found, place = decoder.raw_decode(text, place)
        begin = _behind(text, _behind(text, place) + 1)  # behind the colon
        _, end = decoder.raw_decode(text, begin)
        if found == name:
            return text[:begin] + _written(value) + text[end:]
        place, comma = _behind(text, end), ","
        place += text[place] == ","
    return f"{text[:end]}{comma}\n  {json.dumps(name)}: {_written(value)}\n{text[place:]}"


def _behind(text: str, place: int) -> int:
    """Return the place of the next character that is no space."""
    found = _SPACE.match(text, place)
    assert found is not None  # it may be empty
    return found.end()


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2).replace("\n", "\n  ")
