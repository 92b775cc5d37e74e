"""Two results are compared by rules that noise does not fool, and what is not compared is told."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.checks.stress.comparison import NAME, Change, compare, read_result
from pipeline.checks.stress.result import ClosedLoop, Spread, StressResult
from pipeline.errors import ConfigError
from tests.checks.stress import results as made


def beyond(old: StressResult, new: StressResult) -> list[str]:
    return [change.what for change in compare(old, new).changes if change.beyond_noise]


def sampled(rng: np.random.Generator, rates: dict[int, float], noise: float) -> StressResult:
    """Return a result whose points have three repeats of a log-normal noise."""
    points = [
        made.point(Spread.of(list(rate * np.exp(noise * rng.standard_normal(3)))), made.setting(n))
        for n, rate in rates.items()
    ]
    whole = made.closed()
    closed = ClosedLoop(
        points=tuple(points), scaling=whole.scaling, recommendation=whole.recommendation
    )
    return made.result(closed=closed, open=None, knee=None, soak=None)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("result")
    (folder / NAME).write_text(made.result().model_dump_json(), encoding="utf-8")
    return folder


def test_a_result_is_read_from_its_file_or_its_folder(written: Path):
    assert read_result(written) == read_result(written / NAME) == made.result()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no json", "it is no JSON"),
        ("[" * 100_000, "it is no JSON"),
        ("\udcff", "it is no JSON"),
        ("[1, 2]", "it has no version"),
        ("{}", "it has no version"),
        ('{"version": 99}', "of version 99, expected 1"),
        ('{"version": 1}', "is damaged: began: Field required"),
        ('{"version": 1, "surprise": 1}', "is damaged"),
    ],
)
def test_what_is_no_result_gets_one_line(tmp_path: Path, text: str, said: str):
    path = tmp_path / "old.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError, match=re.escape(said)) as caught:
        read_result(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_numbers_that_are_none_are_refused(tmp_path: Path):
    document = json.loads(made.result().model_dump_json())
    document["seconds"] = float("nan")
    path = tmp_path / "old.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ConfigError, match="is damaged: seconds"):
        read_result(path)


def test_a_folder_without_a_result_is_named(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_result(tmp_path)


def test_a_result_does_not_differ_from_itself():
    compared = compare(made.result(), made.result())
    assert compared.changes
    assert not any(change.beyond_noise for change in compared.changes)
    assert compared.notes == ()


def test_each_measure_that_changed_is_found():
    old = made.result()
    new = made.result(
        closed=made.closed(0.7),
        open=made.open_loop(3.0),
        knee=made.knee(1.7e6),
        soak=made.soak(leak=60.0),
    )
    found = beyond(old, new)
    assert "P 1, E 8, 4 slots, 5 symbols, 64 lanes, 1m+5m+15m" in found
    assert {"knee", "p99 at 1,000,000 bars/s", "p99 at 1,000,000 bars/s in bursts"} <= set(found)
    assert "growth of memory of the processes" in found
    assert not any(name.endswith(": memory") for name in found)
    assert beyond(new, old) == found


@given(
    a=st.lists(st.floats(1e3, 1e7), min_size=1, max_size=5),
    b=st.lists(st.floats(1e3, 1e7), min_size=1, max_size=5),
)
def test_rates_whose_ranges_overlap_never_differ(a: list[float], b: list[float]):
    old, new = Spread.of(a), Spread.of(b)
    rates = [
        made.result(closed=made.closed().model_copy(update={"points": (one,)}))
        for one in (made.point(old, made.setting()), made.point(new, made.setting()))
    ]
    differs = compare(*rates).changes[0].beyond_noise
    assert not (differs and old.low <= new.high and new.low <= old.high)
    assert differs == compare(*reversed(rates)).changes[0].beyond_noise


def test_noise_is_rarely_taken_for_a_change_and_a_true_one_is_found():
    """Of 200 pairs of 20 points without a change under 5 % of the pairs show one."""
    rng = np.random.default_rng(18)
    rates = {engines: 1e6 * engines for engines in range(1, 21)}
    slower = {**rates, 4: 0.7 * rates[4]}
    alarms = found = 0
    for _ in range(200):
        old = sampled(rng, rates, 0.05)
        alarms += bool(beyond(old, sampled(rng, rates, 0.05)))
        found += any("E 4," in name for name in beyond(old, sampled(rng, slower, 0.05)))
    assert alarms < 10
    assert found > 180


def test_a_rate_that_was_measured_once_must_differ_by_a_quarter():
    def one(rate: float) -> StressResult:
        points = (made.point(made.around(rate, repeats=1), made.setting()),)
        return made.result(closed=made.closed().model_copy(update={"points": points}))

    assert not compare(one(1e6), one(1.2e6)).changes[0].beyond_noise
    assert compare(one(1e6), one(1.3e6)).changes[0].beyond_noise
    assert not compare(one(0.0), one(0.0)).changes[0].beyond_noise


def test_what_else_is_other_is_told():
    machine = made.MACHINE.model_copy(
        update={"model": "Xeon", "ringtape": "0.0.9", "python": "3.11.2"}
    )
    workload = made.WORKLOAD.model_copy(update={"mode": "interpreted"})
    notes = compare(made.result(machine=machine, workload=workload), made.result()).notes
    assert notes == (
        "The old result is of another machine: 8 processors of Xeon, now 8 of AMD EPYC 7B13.",
        "The old result is of another workload: its mode is interpreted, now compiled.",
        "The old result is of Ringtape 0.0.9, the new one of 0.1.0.",
        "The old result is of Python 3.11.2, the new one of 3.12.4.",
    )


@pytest.mark.parametrize(
    ("old", "note"),
    [
        ({"soak": None}, "Only the new result has this, which is not compared: soak."),
        ({"closed": None}, "Only the new result has this, which is not compared: closed loop."),
        ({"knee": made.knee(target=0.005)}, "is for a p99 of 5 ms, the new one of 10 ms"),
        ({"knee": made.knee(None)}, "one of both results found none"),
        ({"soak": made.soak(rate=1e6)}, "1,000,000 bars/s were offered in the old one"),
        ({"open": made.OpenLoop(points=(made.offered(7.0, 0.1),))}, "no rate was offered in both"),
    ],
)
def test_what_cannot_be_compared_is_told(old: dict[str, object], note: str):
    compared = compare(made.result(**old), made.result())
    assert len(compared.notes) == 1
    assert note in compared.notes[0]
    assert compared.changes


def test_results_without_a_common_point_say_only_that():
    compared = compare(
        made.result(open=None, knee=None, soak=None),
        made.result(closed=None, open=None, soak=None),
    )
    assert compared.changes == ()
    assert compared.notes == ("Both results have no point in common, so nothing can be compared.",)


def test_a_slope_of_too_few_looks_is_not_compared():
    whole = made.soak(leak=60.0)
    flat = [
        slope.model_copy(update={"per_hour": 0.0, "low": 0.0, "high": 0.0, "grows": False})
        for slope in whole.slopes
    ]
    short = whole.model_copy(update={"slopes": tuple(flat)})
    found = compare(made.result(soak=short), made.result(soak=whole)).changes
    # Open files stayed the same in both, so that their slope of 0 is known.
    growths = [change.what for change in found if change.what.startswith("growth of")]
    assert growths == ["growth of open files"]


@pytest.mark.parametrize(
    ("change", "shown", "share"),
    [
        (Change("", 2.0 * made.MIB, 3.0 * made.MIB, "bytes", True), "2 to 3 MiB", 0.5),
        (Change("", 0.002, 0.001, "seconds", True), "2 to 1 ms", -0.5),
        (Change("", 1e6, 2e6, "bars/s", True), "1,000,000 to 2,000,000 bars/s", 1.0),
        (Change("", 1.0 * made.MIB, 0.0, "bytes an hour", True), "1 to 0 MiB an hour", None),
        (Change("", 0.0, 1.0, "bars/s", True), "0 to 1 bars/s", None),
    ],
)
def test_a_change_is_shown_in_units_for_people(change: Change, shown: str, share: float | None):
    assert change.shown == shown
    assert change.share == share
