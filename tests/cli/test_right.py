"""The mark of a command line that was right: the same only for the same words and files."""

from pathlib import Path

import pytest

from pipeline.cli.right import mark_of, readable


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RINGTAPE_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "c.json"
    path.write_text("{}")
    return path


def test_a_mark_is_no_file_before_somebody_makes_it(config: Path):
    mark = mark_of(["run", str(config)])
    assert mark.parent == config.parent / "cache" / "right"
    assert not mark.exists()


def test_the_same_words_and_files_have_the_same_mark(config: Path):
    words = ["run", str(config), "--set", "a=1"]
    mark = mark_of(words)
    assert mark_of(words) == mark
    assert mark_of([*words[:3], "a=2"]) != mark
    assert mark_of([*words[:2], "--set a=1"]) != mark
    config.write_text("{ }")
    assert mark_of(words) != mark


def test_a_command_line_is_readable_if_all_its_files_are(config: Path):
    assert readable(["run", str(config), "--set", "a=1"])
    assert readable(["demo"])
    assert not readable(["run", str(config), "none.toml"])
    config.write_text("{")
    assert not readable(["run", str(config)])
