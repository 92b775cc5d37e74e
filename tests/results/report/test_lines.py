"""Labelled lines: as wide as the page, with the values below each other."""

from pipeline.results.report.lines import LABEL, WIDTH, hanging, line


def test_a_long_value_is_wrapped_below_its_beginning():
    lines = line("label", "word " * 40)
    assert len(lines) > 1
    assert max(map(len, lines)) <= WIDTH
    assert lines[0].startswith("label ")
    assert {text[:LABEL] for text in lines[1:]} == {" " * LABEL}


def test_a_word_that_is_too_long_stays_whole_if_asked():
    word = "x" * 200
    assert line("label", word, whole_words=True)[-1].strip().endswith(word)
    assert max(map(len, line("label", word))) <= WIDTH


def test_a_value_that_is_not_known_is_a_dash():
    assert line("label", None) == ["label           -"]
    assert line("label", "") == ["label"]


def test_a_text_hangs_behind_its_first_line():
    lines = hanging("one two-three four", 9, "- ", "  ", whole_words=True)
    assert lines == ["- one", "  two-three", "  four"]
