import io
import sys

import pytest

from pipeline.stages.any_text import write_any_text


def test_a_character_that_the_code_lacks_is_written_as_an_escape(monkeypatch: pytest.MonkeyPatch):
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, io.TextIOWrapper(io.BytesIO(), "cp1252", "strict"))
    write_any_text()
    for stream in (sys.stdout, sys.stderr):
        stream.write("Größe \u2192 \u5e02")
        stream.flush()
        assert stream.buffer.getvalue() == "Größe ".encode("cp1252") + rb"\u2192 \u5e02"


def test_what_stands_in_for_a_stream_stays_as_it_is(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    write_any_text()
    sys.stdout.write("\u5e02")
    assert sys.stdout.getvalue() == "\u5e02"
