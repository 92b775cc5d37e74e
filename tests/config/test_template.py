"""A commented configuration is read back as it was given, and every comment is a setting."""

import re
import tomllib
from typing import Any

import pytest

from pipeline import SessionConfig
from pipeline.config.listing import sections_of
from pipeline.config.template import commented


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"sweep": {"space": {"fast": [1, 2], "slow": {"from": 3, "to": 9}}, "samples": None}},
        {"instruments": {"AAA": {"tick_size": 0.01}}, "metadata": {"a key": 'with "quotes" ü'}},
    ],
)
def test_it_is_read_back_as_it_was_given(settings_of_a_session, changes: dict[str, Any]):
    settings = settings_of_a_session(**changes)
    read = tomllib.loads(commented(settings, "Written by a test."))
    assert SessionConfig(**read) == SessionConfig(**settings)


def test_a_line_that_is_uncommented_is_the_default(settings_of_a_session):
    """All defaults together give the same configuration; those without a value stay comments."""
    settings = settings_of_a_session()
    text = commented(settings)
    plain = re.sub(r"^# (\w+ = (?!  #).*)$", r"\1", text, flags=re.MULTILINE)
    plain = plain.partition("# [sweep]")[0]
    assert SessionConfig(**tomllib.loads(plain)) == SessionConfig(**settings)


def test_every_setting_is_there(settings_of_a_session):
    text = commented(settings_of_a_session())
    for section in sections_of(SessionConfig.json_schema()):
        if "[" in section.path or "NAME" in section.path:
            continue
        for one in section.settings:
            assert re.search(rf"^(# )?(\[[\w.]*)?{one.name}( =|\])", text, re.MULTILINE), one.path
