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


@pytest.mark.parametrize(
    "words", [["run", ""], ["run", "a.json", "--out", ""], ["import", ""], ["catalog", ""]]
)
def test_an_empty_path_is_not_the_folder_one_is_in(called, words: list[str]):
    ended = called(*words)
    assert (ended.code, ended.out) == (2, "")
    assert "the path is empty" in ended.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["control", "x"], "'VERB', one of pause, resume, step, speed, stop"),
        (["control", "x", "paus"], "'stop'; did you mean 'pause'?"),
        (["stress", "--at-least", "10k"], "'10k' is no number."),
        (["stress", "--phase", "close"], "did you mean 'closed'?"),
        (["stress", "-phase", "open"], "there is no option -p; options of several letters begin"),
    ],
)
def test_what_is_wrong_is_told_in_words_of_users(called, words: list[str], told: str):
    ended = called(*words)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
    assert ended.err.count("\n") == 1
