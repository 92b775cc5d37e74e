"""A setting that is given as an option or as an argument is told how it is given."""

import pytest

SET = "a parameter is --set strategy.parameters.fast=VALUE, a setting --set SECTION.fast=VALUE"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["--fast", "5"],
            f"there is no option --fast; {SET} (`ringtape settings fast` finds settings)",
        ),
        (["--jsn"], "there is no option --jsn; did you mean --json?"),
        (["--outt", "x"], "there is no option --outt; did you mean --out?"),
        (["strategy.parameters.fast=5"], "is no option; write --set strategy.parameters.fast=5"),
        (["fast=5"], "fast=5 is no option; a parameter is --set strategy.parameters.fast=5, a se"),
        (["b.json"], "there is one configuration to a command, b.json is another one"),
        (["more"], "Got unexpected extra argument (more)"),
    ],
)
@pytest.mark.parametrize("command", ["run", "sweep"])
def test_the_way_of_a_setting_is_told(called, command: str, words: list[str], told: str):
    ended = called(command, "a.json", *words)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
    assert ended.err.endswith(f"(see `ringtape {command} --help`)\n")


def test_commands_without_settings_keep_their_words(called):
    assert "No such option '--fast'" in called("catalog", "--fast").err
