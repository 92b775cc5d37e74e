"""`ringtape settings`: finds a setting by a word, with its values, default and meaning."""

from __future__ import annotations

import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from pipeline.cli.options import common_options, example
from pipeline.cli.output import format_table, print_json, print_text
from pipeline.errors import RingtapeError, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.config.listing import Setting

_WIDTH = 80
_LONGEST = 30


@click.command(
    epilog=example("ringtape settings slippage"),
    short_help="Find a setting of a configuration: its values, default and meaning.",
)
@click.argument("words", metavar="[WORD]...", nargs=-1)
@common_options
def settings(words: tuple[str, ...], as_json: bool) -> None:
    """Show the settings that have every WORD in their name or meaning; without WORD, list all.

    Capital letters do not matter. `--set` and configuration files take the names that are shown.
    """
    from pipeline.config.listing import sections_of
    from pipeline.config.session import SessionConfig

    sections = list(sections_of(SessionConfig.json_schema()))
    every = [setting for section in sections for setting in section.settings]
    found = _found(every, words)
    if as_json:
        documents = [{**asdict(s), "values": _plain(s.values)} for s in found]
        print_json({"settings": [{**d, "default": _plain(d["default"])} for d in documents]})
    elif words:
        print_text("\n\n".join(_block(setting) for setting in found))
    else:
        header = ("setting", "value", "default")
        rows = [(s.path, _cut(_plain(s.values)), _cut(_plain(s.default))) for s in found]
        print_text(format_table(header, rows, right=()))


def _found(every: Sequence[Setting], words: Sequence[str]) -> list[Setting]:
    """Return the settings with every word, those first that have them in their name."""
    from pipeline.config.finding import meant_by_words, named_by

    named = named_by(every, words)
    meant = [setting for setting in meant_by_words(every, words) if setting not in named]
    if not named and not meant:
        near = [name for word in words for name in nearest(word, [s.name for s in every])]
        hint = f"; did you mean {near[0]}?" if near else "; `ringtape settings` lists all"
        raise RingtapeError(f"no setting has {' and '.join(words)} in its name or meaning{hint}")
    return [*named, *meant]


def _block(setting: Setting) -> str:
    facts = f"{_plain(setting.values)}; {_default(setting)}"
    lines = [setting.path]
    for text in (facts, setting.meaning):
        lines += textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(lines)


def _default(setting: Setting) -> str:
    default = _plain(setting.default)
    return default if default == "required" else f"default {default}"


def _plain(text: str) -> str:
    return text.replace("`", "")


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
