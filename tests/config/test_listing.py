"""Every setting is listed once, with a default that the configuration has."""

import json

from pipeline import SessionConfig
from pipeline.config.listing import sections_of


def test_a_setting_has_values_default_and_meaning():
    sections = {one.path: one for one in sections_of(SessionConfig.json_schema())}
    assert {"", "execution", "pipeline", "instruments.NAME"} <= sections.keys()
    (slots,) = [one for one in sections["pipeline"].settings if one.name == "slots"]
    assert (slots.path, slots.values, slots.default) == (
        *("pipeline.slots", "whole number, 1 to 1,024"),
        "`4`",
    )
    assert slots.meaning.startswith("Slots of the ring")
    assert "Default" not in slots.meaning


def test_defaults_are_json():
    for section in sections_of(SessionConfig.json_schema()):
        for setting in section.settings:
            if setting.default.startswith("`"):
                json.loads(setting.default.strip("`"))
            else:
                assert setting.default in ("required", "see below")
