"""Tells how a setting is given where a command line has it as an option or as an argument."""

import re

import click

from pipeline.errors import nearest

_CHOICE = re.compile(r"'([^']*)' is not one of (.*)\.$")
_EXTRA = re.compile(r"Got unexpected extra arguments? \((.*)\)")
#: How like a name another one must be to be meant, 0 to 1.
_ALIKE = 0.75


def told_usage(error: click.UsageError) -> str:
    """Return the message of a wrong command line; for settings with the way that they are given."""
    text = _plain(error.format_message())
    ctx = error.ctx
    names = [] if ctx is None else [name for one in ctx.command.params for name in one.opts]
    if "--set" not in names:
        return text
    if isinstance(error, click.NoSuchOption):
        if not error.option_name.startswith("--"):
            return (
                f"there is no option {error.option_name}; options of several letters begin with --"
            )
        name = error.option_name.lstrip("-")
        known = [one.lstrip("-") for one in names if one.startswith("--")]
        if near := nearest(name, known, cutoff=_ALIKE):
            return f"there is no option {error.option_name}; did you mean --{near[0]}?"
        return (
            f"there is no option {error.option_name}; {_given(f'{name}=VALUE')} (`ringtape settings"
            f" {name}` finds settings)"
        )
    extra = _EXTRA.match(text)
    if extra is None:
        return text
    if re.match(r"[\w.]+=", extra[1]):
        way = f"write --set {extra[1]}" if "." in extra[1].partition("=")[0] else _given(extra[1])
        return f"{extra[1]} is no option; {way}"
    if extra[1].endswith((".json", ".toml")):
        return f"there is one configuration to a command, {extra[1]} is another one"
    return text


def _plain(text: str) -> str:
    """Return a message of click in one line, in words of users, with the word that was meant."""
    text = re.sub(
        r"Missing argument '(.*?)'\. Choose from:\s*", r"Missing argument '\1', one of ", text
    )
    text = re.sub(r",\n\t", ", ", text)
    text = text.replace("not a valid float range", "no number")
    text = text.replace("not a valid integer range", "no whole number")
    choice = _CHOICE.search(text)
    if choice is not None:
        near = nearest(choice[1], re.findall(r"'([^']*)'", choice[2]))
        text = text[:-1] + f"; did you mean {near[0]!r}?" if near else text
    return text


def _given(text: str) -> str:
    return f"a parameter is --set strategy.parameters.{text}, a setting --set SECTION.{text}"
