import io
from datetime import date
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.runner.progress_line import (
    Pace,
    PlainLines,
    compiling_text,
    describe,
    reported,
)
from tests.reference.own_process import python
from tests.reference.terminal import on_a_terminal


class Seen(NamedTuple):
    session_date: date | None
    sessions: int
    sessions_total: int
    bars: int
    bars_total: int
    seconds: float
    compiling: str = ""
    verifying: str = ""
    importing: str = ""
    stuck: str = ""
    paused: bool = False


SCRIPT = """
import sys
from datetime import date
from types import SimpleNamespace
from pipeline.runner.progress_line import progress_line

with progress_line(sys.stderr) as report:
    for k in range(5):
        report(SimpleNamespace(session_date=date(2024, 3, 4 + k), sessions=k, sessions_total=5,
                               bars=k * 1000, bars_total=5000, seconds=float(k),
                               compiling="", verifying="", importing="",
                               stuck="mine.py:3: Mine.on_bar" if k == 3 else "",
                               paused=False))
print("rich" in sys.modules)
"""


def test_a_terminal_shows_date_session_bars_rate_and_time_left():
    written = on_a_terminal(SCRIPT, NO_COLOR="1")
    for part in ("2024-03-08", "session 4/5", "4,000/5,000 bars", "1.0k bars/s", "ETA 0:01"):
        assert part in written
    assert "mine.py:3: Mine.on_bar" in written


@pytest.mark.parametrize(("progress", "shown"), [("None", True), ("True", True), ("False", False)])
def test_what_is_asked_for_is_shown_on_a_terminal(progress: str, shown: bool):
    script = SCRIPT.replace("import progress_line", "import reported").replace(
        "with progress_line(sys.stderr) as report:",
        f"with reported({progress}) as report:\n  if report is not None:",
    )
    assert ("session 4/5" in on_a_terminal(script, NO_COLOR="1")) is shown


def test_the_line_is_taken_away_when_the_run_is_over():
    written = on_a_terminal(SCRIPT)
    erase_line, show_cursor = "\x1b[2K", "\x1b[?25h"
    assert erase_line in written[written.rindex("bars/s") :]
    assert show_cursor in written[written.rindex("bars/s") :]


@pytest.mark.parametrize(
    ("columns", "field", "words", "shown"),
    [
        ("80", "verifying", "3 of 40 series", "verifying the catalog: 3 of 40 series"),
        ("30", "verifying", "3 of 40 series", "3 of 40 series"),
        ("80", "importing", "2,000 rows read", "importing the data: 2,000 rows read"),
    ],
)
def test_a_terminal_says_how_far_the_work_before_a_run_is(
    columns: str, field: str, words: str, shown: str
):
    script = SCRIPT.replace(f'{field}=""', f'{field}="{words}"')
    written = on_a_terminal(script, NO_COLOR="1", COLUMNS=columns)
    assert shown in written
    for part in ("…", "session", "bars/s"):
        assert part not in written


@pytest.mark.parametrize(
    ("columns", "shown", "left_out"),
    [
        ("80", ("2024-03-08", "session 4/5", "4,000/5,000 bars", "1.0k bars/s", "ETA 0:01"), ()),
        ("40", ("2024-03-08", "1.0k bars/s", "ETA 0:01"), ("session", "5,000 bars")),
        ("25", ("2024-03-08", "ETA 0:01"), ("session", "5,000 bars", "bars/s")),
    ],
)
def test_a_narrow_terminal_gets_fewer_words_and_none_is_cut(
    columns: str, shown: tuple[str, ...], left_out: tuple[str, ...]
):
    written = on_a_terminal(SCRIPT, NO_COLOR="1", COLUMNS=columns)
    for part in shown:
        assert part in written
    for part in (*left_out, "…"):
        assert part not in written


def test_a_pipe_gets_the_hook_that_does_not_return_and_rich_is_not_imported():
    done = python("-c", SCRIPT)
    assert done.stdout.split() == ["False"]
    assert done.stderr == "mine.py:3: Mine.on_bar\n"


def test_a_hook_that_does_not_return_is_named_again_when_that_lasts_twice_as_long(monkeypatch):
    clock = 100.0
    monkeypatch.setattr("time.monotonic", lambda: clock)
    stream = io.StringIO()
    lines = PlainLines(stream, plain=False)
    told = []
    for _ in range(70):
        clock += 1.0
        lines.tell(Seen(None, 0, 0, 0, 0, 0.0, stuck=f"at {clock - 101:.0f}"))  # type: ignore[arg-type]
        told = stream.getvalue().splitlines()
    assert told == ["at 0", "at 10", "at 20", "at 40"]
    lines.tell(Seen(None, 0, 0, 0, 0, 0.0))  # type: ignore[arg-type]
    lines.tell(Seen(None, 0, 0, 0, 0, 0.0, stuck="another"))  # type: ignore[arg-type]
    assert stream.getvalue().splitlines()[-1] == "another"


def test_a_terminal_says_that_the_run_was_paused_and_not_how_long_it_takes():
    script = SCRIPT.replace("paused=False", "paused=k == 4")
    shown = on_a_terminal(script, NO_COLOR="1").rpartition("2024-03-08")[2]
    assert "paused by ringtape control" in shown
    assert "ETA" not in shown
    assert "bars/s" not in shown


def test_a_pipe_gets_a_line_when_the_run_is_paused_and_when_it_goes_on(monkeypatch):
    clock = 100.0
    monkeypatch.setattr("time.monotonic", lambda: clock)
    for plain in (False, True):
        stream = io.StringIO()
        lines = PlainLines(stream, plain=plain)
        for second in range(28):
            clock += 1.0
            at = min(second, 5) + max(0, second - 25)
            lines.tell(Seen(None, 0, 0, at * 100, 3_000, second, paused=5 <= second < 25))  # type: ignore[arg-type]
        told = stream.getvalue().splitlines()
        assert [told[0], told[-1]] == ["paused by ringtape control", "goes on"]
        between = "starting, session 0, 500/3,000 bars, paused by ringtape control"
        assert told[1:-1] == [between] * 2 * plain


def test_the_pace_counts_no_time_in_which_the_run_stood_still():
    pace = Pace()
    for second in range(10):
        rate = pace.of(Seen(None, 0, 0, 100 * second, 0, second))  # type: ignore[arg-type]
    assert rate == pytest.approx(100)
    assert pace.of(Seen(None, 0, 0, 900, 0, 60.0, paused=True)) == 0.0  # type: ignore[arg-type]
    assert pace.of(Seen(None, 0, 0, 900, 0, 100.0)) == 0.0  # type: ignore[arg-type]
    assert pace.of(Seen(None, 0, 0, 1_000, 0, 101.0)) == pytest.approx(100)  # type: ignore[arg-type]


def test_true_asks_for_lines_where_there_is_no_terminal(monkeypatch, capsys):
    clock = 100.0
    monkeypatch.setattr("time.monotonic", lambda: clock)
    with reported(True) as report:
        assert report is not None
        for second in range(25):
            clock += 1.0
            seen = Seen(date(2024, 3, 4), 1, 9, 100 * second, 10_000, float(second))
            report(seen)  # type: ignore[arg-type]
    first, second = capsys.readouterr().err.splitlines()
    assert first == "2024-03-04, session 1/9, 900/10,000 bars"
    assert second.startswith("2024-03-04, session 1/9, 1,900/10,000 bars, ")


def test_a_function_false_and_nothing_are_what_they_are_and_anything_else_is_refused():
    with reported(print) as report:
        assert report is print
    for nothing in (None, False):
        with reported(nothing) as report:
            assert report is None
    with pytest.raises(ConfigError, match="progress is 'yes', expected True or a function"):
        reported("yes")  # type: ignore[arg-type]


def test_before_the_first_session_it_says_starting_and_claims_no_rate():
    words = describe(Seen(None, 0, 0, 0, 0, 0.0), 0.0)
    assert words == {"date": "starting", "session": "session 0", "bars": "0 bars"} | {
        "rate": "",
        "eta": "",
    }


@pytest.mark.parametrize(
    ("width", "text"),
    [(42, "compiling the lane loop (2 of 5)"), (41, "compiling (2 of 5)")],
)
def test_what_is_compiled_is_named_where_there_is_room(width: int, text: str):
    assert compiling_text("the lane loop (2 of 5)", width) == text


def test_many_bars_are_counted_in_short():
    seen = Seen(date(2024, 3, 4), 1, 9, 4_567_890, 10_000_000, 1.0)
    assert describe(seen, 0.0)["bars"] == "4.6M/10.0M bars"


def test_long_times_left_have_hours():
    seen = Seen(date(2024, 3, 4), 1, 9, 1_000, 10_000_000, 1.0)
    assert describe(seen, 1_000.0)["eta"] == "ETA 2:46:39"


@pytest.mark.parametrize(
    ("rate", "text"),
    [(950.0, "950"), (12_300.0, "12.3k"), (27_100_000.0, "27.1M"), (1.5e9, "1.5G")],
)
def test_rates_are_short(rate: float, text: str):
    assert describe(Seen(None, 0, 0, 0, 0, 0.0), rate)["rate"] == f"{text} bars/s"


def test_the_pace_forgets_a_slow_beginning():
    pace = Pace()
    pace.add(0.0, 0)
    pace.add(20.0, 10)  # compiling
    for tenth in range(1, 101):
        rate = pace.add(20.0 + tenth / 10, 10 + tenth * 100)
    assert rate == pytest.approx(1_000.0)


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 10**9)), max_size=30))
def test_the_pace_of_any_progress_is_finite_and_not_negative(steps: list[tuple[float, int]]):
    pace, seconds, bars = Pace(), 0.0, 0
    for more_seconds, more_bars in steps:
        seconds, bars = seconds + more_seconds, bars + more_bars
        rate = pace.add(seconds, bars)
        assert 0 <= rate < float("inf")
