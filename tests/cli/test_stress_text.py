"""The text of a result of stress: within 80 columns, and complete."""

import pytest

from pipeline.checks.stress.comparison import compare
from pipeline.cli.stress_text import result_text, short
from tests.checks.stress import results as made

PARTS = {
    "closed": ("settings ", "other loads ", "scaling ", "recommended ", "runner-up "),
    "knee": ("knee ",),
    "soak": ("soak ", "measure "),
    "faults": ("engine 0 ",),
}


def begins(text: str) -> str:
    """Return the labels of all lines, one a line."""
    return "\n".join(line for line in text.splitlines() if line[:1].strip())


def test_a_whole_result_is_at_most_80_columns_wide():
    new = made.result(soak=made.soak(leak=60.0), faults=made.faults(["rt-1-2-ring"]))
    text = result_text(new, compare(made.result(closed=made.closed(1.4)), new))
    assert max(map(len, text.splitlines())) <= 80
    assert "rt-1-2-ring" in text
    assert "left behind." not in text
    assert '"pipeline": {"processors": 1, "engines": 8, "slots": 4}' in text


def test_large_figures_and_long_names_stay_within_80_columns():
    load = made.LOAD.model_copy(
        update={"symbols": 12_000, "lanes": 10_000, "streams": ("1m", "5m", "15m", "1h", "1d")}
    )
    setting = made.setting(engines=128, processors=64, slots=256, slot_rows=65_536)
    many = made.point(made.around(9.9e9, 0.9), setting, load, 90_000 * made.MIB)
    closed = made.closed()
    closed = closed.model_copy(update={"points": (*closed.points, many)})
    text = result_text(made.result(closed=closed), None)
    assert max(map(len, text.splitlines())) <= 80
    assert "5 of them" in text


@pytest.mark.parametrize("part", PARTS)
def test_a_part_whose_phase_was_not_run_is_absent(part: str):
    lines = begins(result_text(made.result(), None))
    without = begins(result_text(made.result(**{part: None}), None))
    for label in PARTS[part]:
        assert f"\n{label}" in lines
        assert f"\n{label}" not in without


def test_the_recommended_setting_is_marked_once():
    text = result_text(made.result(), None)
    (marked,) = [line for line in text.splitlines() if line.endswith("<")]
    assert marked.split()[:4] == ["1", "8", "4", "auto"]
    loads = text.partition("other loads")[2].partition("\n\n")[0].splitlines()[2:]
    assert len(loads) == 4


def test_one_sample_has_no_spread():
    points = (made.point(made.around(1e6, repeats=1), made.setting()),)
    closed = made.closed().model_copy(update={"points": points})
    table = result_text(made.result(closed=closed), None).partition("settings ")[2]
    assert table.splitlines()[2].split()[4:7] == ["1", "M", "-"]


def test_nothing_beyond_the_noise_is_told():
    compared = compare(made.result(), made.result())
    text = result_text(made.result(), compared)
    assert f"Nothing of {len(compared.changes)} figures" in text


@pytest.mark.parametrize(
    ("value", "shown"),
    [(12_345_678.0, "12.35 M"), (870_390.0, "870.4 k"), (2.5e9, "2.5 G"), (12.0, "12"), (0.0, "0")],
)
def test_rates_have_four_figures(value: float, shown: str):
    assert short(value) == shown
