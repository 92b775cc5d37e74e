import io
import sys

import pytest

from pipeline.cli import sweep_progress as module
from pipeline.cli.sweep_progress import describe, sweep_progress
from pipeline.sweep.progress import SweepProgress
from tests.cli.test_progress import on_a_terminal

SEEN = SweepProgress(128, 176, 4_000_000, 10_000_000, 2.0, 3.72, "fast 20, slow 40", 1)

SCRIPT = """
import sys
from pipeline.cli.sweep_progress import sweep_progress
from pipeline.sweep.progress import SweepProgress

with sweep_progress(sys.stderr) as report:
    for k in range(5):
        report(SweepProgress(k, 5, k * 1000, 5000, float(k), 1.25, "fast 7", 1))
print("over")
"""


def test_words_say_how_many_how_fast_the_best_and_the_time_left():
    assert describe(SEEN, 2e6) == {
        "sets": "128/176 sets",
        "rate": "2.0M evaluations/s",
        "best": "best 3.72 (fast 20, slow 40)",
        "eta": "ETA 0:03",
    }


def test_what_is_not_known_is_left_out():
    unknown = SweepProgress(0, None, 0, 0, 0.0, None, "", 0)
    assert describe(unknown, 0.0) == {"sets": "0 sets", "rate": "", "best": "", "eta": ""}


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
def test_a_terminal_shows_as_many_words_as_it_has_room_for():
    wide = on_a_terminal(SCRIPT, COLUMNS="120")
    assert "best 1.25 (fast 7)" in wide
    assert "4/5 sets" in wide
    narrow = on_a_terminal(SCRIPT, COLUMNS="60")
    assert "best" not in narrow
    assert "4/5 sets" in narrow


def test_without_a_terminal_there_is_a_plain_line_now_and_then(monkeypatch: pytest.MonkeyPatch):
    clock = iter([0.0, 5.0, 11.0, 11.0, 12.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    stream = io.StringIO()
    with sweep_progress(stream) as report:
        for _ in range(3):
            report(SEEN)
    assert stream.getvalue() == "128/176 sets, best 3.72 (fast 20, slow 40)\n"
