"""The sources of a configuration's settings: a JSON or TOML file, and overrides on top of it.

Nothing here knows which settings exist. `pipeline.config.session` checks the result.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError

#: What an override looks like, in messages.
_OVERRIDE = '"execution.slippage=0.01"'

#: How files of data end.
_OF_DATA = (".csv", ".parquet", ".zip", ".gz", ".feather", ".txt")
#: So many characters of an override are shown in messages.
_LONGEST_SHOWN = 100


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    settings = dict(pairs)
    if len(settings) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ConfigError(f"{twice} is set twice in one section, expected once")
    return settings


def read_config(path: Path) -> dict[str, Any]:
    """Read the settings of a ``.json`` or ``.toml`` file.

    Raises:
        ConfigError: with one line, if the file cannot be read, has another suffix, is not
            well-formed (with line and column) or is not one object.
    """
    if path.suffix.partition(":")[0] == ".py":
        name = str(path) if ":" in path.suffix else f"{path}:Class"
        raise ConfigError(
            f"{path} is Python, expected a configuration, .json or .toml, which names its strategy:"
            f" --set strategy.name={name}"
        )
    if path.suffix not in (".json", ".toml"):
        way = "; data are given with --data" if path.suffix in _OF_DATA else ""
        raise ConfigError(
            f"{path} ends in {path.suffix or 'nothing'}, expected .json or .toml{way}"
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist, expected a configuration file") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text: byte {error.start} is no character") from None
    try:
        if path.suffix == ".toml":
            return tomllib.loads(text)
        settings = json.loads(text, object_pairs_hook=_unique_keys)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path} is not valid JSON: {_fault(text, error)}") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        kind = path.suffix.removeprefix(".").upper()
        raise ConfigError(f"{path} is not valid {kind}: {error}") from None
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    except ValueError:
        raise ConfigError(f"{path}: {_long_number(text)}") from None
    if not isinstance(settings, dict):
        kind = type(settings).__name__
        raise ConfigError(f"{path} holds a {kind}, expected one object of settings")
    return settings


def _long_number(text: str) -> str:
    """Name the line of a number with so many digits that Python refuses to read it."""
    longest = max(re.finditer(r"\d+", text), key=lambda found: len(found[0]))
    line = text.count("\n", 0, longest.start()) + 1
    return f"line {line} has a number of {len(longest[0]):,} digits, which no setting can be"


def _fault(text: str, error: json.JSONDecodeError) -> str:
    """Return in plain words what is wrong in a text that is not JSON, and where."""
    at = error.pos
    here, before = text[at:].lstrip(), text[:at].rstrip()
    word = re.match(r"[^\s,:\]}]*", here)
    found = word[0] if word and word[0] else here[:1]
    if error.msg.startswith("Illegal trailing comma"):
        before, here = text[: at + 1], text[at + 1 :].lstrip()
    if not here:
        what = "the file is empty" if not before else "the file ends before all brackets are closed"
    elif here[0] in "]}" and before.endswith(","):
        at = len(before) - 1
        what = f"there is a comma before the closing {here[0]}; remove it"
    elif here[0] in "'\u2018\u2019\u201c\u201d":
        what = f'texts and names are in double quotes ("), was {found}'
    elif here.startswith(("//", "/*", "#")):
        what = "there are no comments in JSON; remove it"
    elif error.msg.startswith("Expecting property name"):
        what = f"a name in double quotes was expected, was {found}"
    elif error.msg == "Expecting ',' delimiter":
        what = f"a comma, or a closing bracket, was expected before {found}"
    elif error.msg == "Expecting ':' delimiter":
        what = f"a colon was expected after the name, was {found}"
    elif error.msg == "Expecting value":
        what = (
            "a value was expected (a number, true, false, null, a text in double quotes, a list or "
            f"a section), was {found}"
        )
    elif error.msg == "Extra data":
        what = f"the settings end before {found}; expected one object and nothing after it"
    elif error.msg.startswith("Invalid \\"):
        what = (
            "there is a backslash in a text, where it begins an escape; write it twice, or write a "
            "path with slashes, which all systems read"
        )
    else:
        what = error.msg
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    return f"line {line} column {column}: {what}"


def texts_of(overrides: Any) -> list[str]:
    """Return overrides as a list; a single text is one. ConfigError for anything but texts."""
    if isinstance(overrides, str):
        return [overrides]
    expected = f"expected a list of texts such as {_OVERRIDE}"
    if isinstance(overrides, Mapping):
        texts = ", ".join(f'"{path}={_as_json(value)}"' for path, value in overrides.items())
        raise ConfigError(f"overrides is a dict, {expected}; write overrides=[{texts}]")
    if not isinstance(overrides, Iterable):
        raise ConfigError(f"overrides is {overrides!r}, {expected}")
    found = list(overrides)
    if odd := [one for one in found if not isinstance(one, str)]:
        raise ConfigError(f"overrides has the element {odd[0]!r}, {expected}")
    return found


def _as_json(value: Any) -> str:
    """Return a value as an override has it: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def apply_overrides(settings: Mapping[str, Any], overrides: Iterable[str]) -> dict[str, Any]:
    """Return a copy of `settings` in which each override ``"dotted.path=value"`` is set.

    The value is read as JSON; if it is not JSON, it is taken as text. Sections on the path that are
    missing are made. An element of a list is named by its number, from 0; the only element of a
    list needs no number, so that `strategy.mode=...` also works where one strategy is given as an
    object.

    Raises:
        ConfigError: with one line that names the override.
    """
    if odd := [name for name in settings if not isinstance(name, str)]:
        raise ConfigError(f"the configuration has the name {odd[0]!r}, expected a name in quotes")
    result: dict[str, Any] = dict(settings)
    for override in texts_of(overrides):
        path, equals, text = override.partition("=")
        names = path.strip().split(".")
        if not equals or not all(names):
            raise ConfigError(f'override {override!r} is not of the form "section.setting=value"')
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = text.strip()
        result = _replaced(result, names, value, "")
    return result


def blame(
    error: ConfigError,
    origin: str,
    overrides: Sequence[str],
    load: Callable[[Sequence[str]], object],
) -> ConfigError:
    """Return the error of settings with all overrides, and in front of it what is at fault.

    These are the overrides without any of which ``load`` would take the rest, else all whose
    absence changes the refusal. It is ``origin``, the file, if a part of the refusal is the same
    without any override.
    """

    def refusal(some: Sequence[str]) -> str | None:
        try:
            load(some)
        except ConfigError as found:
            return str(found)
        return None

    whole = str(error)
    if not overrides or set((refusal([]) or "").split("; ")) & set(whole.split("; ")):
        return ConfigError(f"{origin}{whole}")
    without = [
        (one, refusal([*overrides[:index], *overrides[index + 1 :]]))
        for index, one in enumerate(overrides)
    ]
    wrong = [one for one, left in without if left is None] or [
        one for one, left in without if left != whole
    ]
    named = " ".join(f"--set {_shortened(one)}" for one in wrong or overrides)
    return ConfigError(f"{named}: {whole}")


def _shortened(override: str) -> str:
    return override if len(override) <= _LONGEST_SHOWN else f"{override[:_LONGEST_SHOWN]}..."


def _replaced(node: Any, names: list[str], value: Any, above: str) -> Any:
    """Return a copy of `node` in which the element at the path `names` is `value`."""
    if not names:
        return value
    name, *rest = names
    here = f"{above}{name}"
    if node is None:
        node = {}
    elif hasattr(node, "model_dump"):
        node = node.model_dump()
    if isinstance(node, Mapping):
        return {**node, name: _replaced(node.get(name), rest, value, f"{here}.")}
    if isinstance(node, list | tuple):
        if len(node) == 1 and not name.isdecimal():
            return [_replaced(node[0], names, value, above)]
        if not (name.isdecimal() and int(name) < len(node)):
            raise ConfigError(
                f"{here} cannot be set: {above.rstrip('.')} is a list of {len(node)}, expected the"
                f" number of an element, from 0, in place of {name!r}"
            )
        return [
            _replaced(item, rest, value, f"{here}.") if index == int(name) else item
            for index, item in enumerate(node)
        ]
    raise ConfigError(
        f"{here} cannot be set: {above.rstrip('.')} is {node!r}, expected a section or a list"
    )
