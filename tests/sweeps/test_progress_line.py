import io
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.sweeps import progress_line as module
from pipeline.sweeps.progress import SweepProgress
from pipeline.sweeps.progress_line import Speed, best_text, describe, reported, sweep_progress
from tests.reference.terminal import on_a_terminal

SEEN = SweepProgress(128, 176, 4_000_000, 10_000_000, 2.0, 3.72, "fast 20, slow 40", 1)
UNKNOWN = SweepProgress(0, None, 0, 0, 0.0, None, "", 0)

SCRIPT = """
import sys
from pipeline.sweeps.progress_line import sweep_progress
from pipeline.sweeps.progress import SweepProgress

with sweep_progress(sys.stderr) as report:
    for k in range(4):
        report(SweepProgress(k, 5, k * 1000, 5000, float(k), 1.25, "fast 7, slow 20, stop 0.5", 1))
print("over")
"""


def test_words_say_how_far_how_fast_and_the_time_left():
    assert describe(SEEN, 2e6, 3.0) == {
        "phase": "pass 1",
        "sets": "40 % of 176 sets",
        "rate": "2.0M evaluations/s",
        "eta": "ETA 0:03",
    }


def test_a_pass_under_way_shows_its_bars_and_not_that_no_set_has_ended():
    seen = replace(SEEN, lanes=0, evaluations=9_999_999)
    assert describe(seen, 2e6, 3.0)["sets"] == "99 % of 176 sets"
    known = replace(SEEN, evaluations=0, evaluations_total=0)
    assert describe(known, 0.0, None)["sets"] == "128/176 sets"
    assert describe(replace(SEEN, lanes_total=None), 2e6, None)["sets"] == "128 sets"
    assert describe(replace(SEEN, known=88), 2e6, 3.0)["sets"] == "70 % of 176 sets"


def test_what_is_not_known_is_left_out():
    words = {"phase": "starting", "sets": "0 sets", "rate": "", "eta": ""}
    assert describe(UNKNOWN, 0.0, None) == words
    assert best_text(UNKNOWN) == ""


def test_when_all_sets_are_done_the_best_are_run_again():
    assert describe(replace(SEEN, lanes=176), 2e6, 0.0)["phase"] == "finishing"


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (None, "best 3.72: fast 20, slow 40"),
        (27, "best 3.72: fast 20, slow 40"),
        (26, "best 3.72: fast 20"),
        (10, "best 3.72"),
    ],
)
def test_the_best_set_loses_parameters_where_there_is_no_room(width: int | None, text: str):
    assert best_text(SEEN, width) == text


def test_the_time_left_counts_what_is_not_replaying_and_the_rate_does_not():
    speed = Speed()
    assert speed.of(UNKNOWN, 0.0) == (0.0, None)
    speed.of(replace(SEEN, evaluations=1_000_000, seconds=0.5), 10.0)
    rate, left = speed.of(replace(SEEN, evaluations=3_000_000, seconds=1.5), 14.0)
    assert (rate, left) == (2_000_000.0, 14.0)


def test_nobody_knows_the_time_left_of_an_endless_search():
    speed, endless = Speed(), replace(SEEN, lanes_total=None)
    speed.of(endless, 0.0)
    assert speed.of(replace(endless, evaluations=8_000_000), 1.0)[1] is None


@given(st.lists(st.tuples(st.integers(0, 10**9), st.floats(0, 100)), max_size=20))
def test_no_progress_makes_the_speed_negative(steps: list[tuple[int, float]]):
    speed = Speed()
    for now, (evaluations, seconds) in enumerate(steps):
        seen = replace(SEEN, evaluations=evaluations, evaluations_total=10**9, seconds=seconds)
        rate, left = speed.of(seen, float(now))
        assert 0 <= rate < float("inf")
        assert left is None or left >= 0


COMPILING = """
import sys
from pipeline.sweeps.progress_line import sweep_progress
from pipeline.sweeps.progress import SweepProgress

with sweep_progress(sys.stderr) as report:
    report(SweepProgress(0, 5, 0, 5000, 0.0, None, "", 1, "the lane loop (2 of 5)"))
"""
VERIFYING = COMPILING.replace('"the lane loop (2 of 5)"', 'verifying="3 of 40 series"')


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
def test_a_terminal_shows_what_is_compiled_in_place_of_the_numbers():
    written = on_a_terminal(COMPILING, NO_COLOR="1")
    assert "compiling the lane loop (2 of 5)" in written
    assert "0/5 sets" not in written


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
def test_a_terminal_shows_how_far_the_verification_of_the_catalog_is():
    written = on_a_terminal(VERIFYING, NO_COLOR="1")
    assert "verifying the catalog: 3 of 40 series" in written
    assert "0/5 sets" not in written


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
@pytest.mark.parametrize(
    ("columns", "shown", "left_out"),
    [
        (
            "120",
            (
                "pass 1",
                "60 % of 5 sets",
                "1.0k evaluations/s",
                "ETA",
                "best 1.25: fast 7, slow 20, stop",
            ),
            (),
        ),
        ("60", ("pass 1", "60 % of 5 sets", "ETA", "stop 0.5"), ("evaluations/s",)),
        ("30", ("pass 1", "ETA", "best 1.25: fast 7, slow 20"), ("sets", "evaluations", "stop")),
    ],
)
def test_a_terminal_shows_as_many_words_as_it_has_room_for(
    columns: str, shown: tuple[str, ...], left_out: tuple[str, ...]
):
    written = on_a_terminal(SCRIPT, NO_COLOR="1", COLUMNS=columns)
    assert "over" in written
    for part in shown:
        assert part in written
    for part in (*left_out, "…"):
        assert part not in written


def test_without_a_terminal_there_is_a_plain_line_now_and_then(monkeypatch: pytest.MonkeyPatch):
    clock = iter([0.0, 5.0, 11.0, 12.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    stream = io.StringIO()
    with sweep_progress(stream) as report:
        for _ in range(3):
            report(SEEN)
    assert stream.getvalue() == "pass 1, 40 % of 176 sets, best 3.72: fast 20, slow 40\n"


def test_without_a_terminal_one_line_says_that_the_compiler_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
):
    clock = iter([0.0, 11.0, 22.0, 33.0, 44.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    stream = io.StringIO()
    waiting = replace(SEEN, best=None, evaluations=0, compiling="the lane loop (2 of 5)")
    with sweep_progress(stream) as report:
        report(replace(SEEN, best=None, verifying="3 of 40 series"))
        report(waiting)
        report(replace(waiting, compiling="the results (3 of 5)"))
        report(SEEN)
    assert stream.getvalue().splitlines() == [
        "verifying the catalog: 3 of 40 series",
        "compiling the lane loop (2 of 5)",
        "pass 1, 40 % of 176 sets, best 3.72: fast 20, slow 40",
    ]


def test_a_hook_that_does_not_return_is_named_at_once_where_there_is_no_terminal():
    stream = io.StringIO()
    with sweep_progress(stream) as report:
        for second in (5, 6, 7):
            report(replace(SEEN, stuck=f"mine.py:3: Mine.on_bar has not returned for {second} s"))
    assert stream.getvalue() == "mine.py:3: Mine.on_bar has not returned for 5 s\n"


def test_a_paused_sweep_is_told_once_where_there_is_no_terminal_and_again_when_it_goes_on():
    stream = io.StringIO()
    with sweep_progress(stream) as report:
        for paused in (False, True, True, False, False):
            report(replace(SEEN, paused=paused))
    assert stream.getvalue().splitlines() == [
        "paused by ringtape control",
        "pass 1, 40 % of 176 sets, best 3.72: fast 20, slow 40",
    ]


def test_a_terminal_shows_in_place_of_the_best_set_that_the_sweep_is_paused():
    script = SCRIPT.replace('0.5", 1)', '0.5", 1, paused=k == 3)')
    assert script != SCRIPT
    shown = on_a_terminal(script, NO_COLOR="1")
    last = shown[shown.rindex("pass 1") : shown.rindex("over")]
    assert "paused by ringtape control" in last
    assert "best" not in last
    assert "ETA" not in last


def test_the_time_left_counts_no_time_in_which_the_sweep_was_paused():
    speed = Speed()
    at = SweepProgress(0, 10, 0, 10_000, 0.0, None, "", 1)
    for second in range(1, 5):
        made = replace(at, evaluations=1_000 * second, seconds=float(second))
        rate, left = speed.of(made, float(second))
    assert (rate, left) == (pytest.approx(1_000), pytest.approx(6))
    for second in range(5, 100):
        assert speed.of(replace(made, paused=True), float(second)) == (0.0, None)
    made = replace(made, evaluations=5_000, seconds=101.0)
    speed.of(replace(made, evaluations=4_000, seconds=100.0), 100.0)
    rate, left = speed.of(made, 101.0)
    assert (rate, left) == (pytest.approx(1_000), pytest.approx(5, rel=0.3))


def test_true_asks_for_lines_and_what_is_neither_that_nor_a_function_is_refused(capsys):
    with reported(True) as report:
        assert report is not None
        report(replace(SEEN, stuck="mine.py:3: Mine.on_bar has not returned for 5 s"))
    assert capsys.readouterr().err == "mine.py:3: Mine.on_bar has not returned for 5 s\n"
    for nothing in (None, False):
        with reported(nothing) as report:
            assert report is None
    with reported(print) as report:
        assert report is print
    with pytest.raises(ConfigError, match="progress is 5, expected True or a function"):
        reported(5)  # type: ignore[arg-type]
