"""What processes measure of themselves, merged by who reads it."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.stages import metrics
from pipeline.stages.metrics import PerformanceMetrics, metrics_rows
from shm.errors import Closed
from shm.names import new_run_id
from shm.stats import StatsBlock

ROLE_OF = {
    "analysis_engine": "engine 0",
    "data_processor": "processor 0",
    "initial_load": "coordinator",
    "subsequent_load": "coordinator",
    "session_gap": "coordinator",
    "session_duration": "coordinator",
    "backtest": "supervisor",
}


@pytest.fixture
def block() -> Iterator[StatsBlock]:
    with StatsBlock.create(new_run_id(), metrics_rows(2, 3)) as made:
        yield made


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The present, in ns; what records a timing reads the last."""
    now = [0]
    monkeypatch.setattr(metrics, "_now", lambda: now[-1])
    return now


def record(block: StatsBlock, row: str, timer: str, values: list[int], clock: list[int]) -> None:
    writer = PerformanceMetrics.for_row(block, row)
    for value in values:
        clock.append(value)
        getattr(writer, f"record_{timer}")(0)
    writer.flush()


def test_every_process_has_its_row():
    """One for each coordinator, processor, engine and supervisor, in this order."""
    names = [spec.name for spec in metrics_rows(2, 3)]
    assert names == [
        *("coordinator", "processor 0", "processor 1"),
        *("engine 0", "engine 1", "engine 2", "supervisor"),
    ]


@pytest.mark.parametrize(("timer", "row"), ROLE_OF.items())
def test_every_timing_has_its_role(block, clock, timer, row):
    """It is recorded by this role, shown after a flush, and refused to the others."""
    record(block, row, timer, [1_500_000_000, 500_000_000], clock)
    found = PerformanceMetrics(block).numbers()[timer]
    assert found == {
        "count": 2,
        "total": 2.0,
        "minimum": 0.5,
        "mean": 1.0,
        "maximum": 1.5,
        "p50": pytest.approx(0.5, rel=1 / 256),
        "p99": pytest.approx(1.5, rel=1 / 256),
        "p999": pytest.approx(1.5, rel=1 / 256),
    }
    for other in set(ROLE_OF.values()) - {row}:
        writer = PerformanceMetrics.for_row(block, other)
        with pytest.raises(KeyError, match=f"{other}.*{timer}"):
            getattr(writer, f"record_{timer}")(0)


def test_a_timer_runs_from_start_to_record(block):
    """Without a fake clock: the time between the two is recorded, and is not negative."""
    writer = PerformanceMetrics.for_row(block, "engine 1")
    before = writer.start_timer()
    start = writer.start_timer()
    writer.record_analysis_engine(start)
    after = writer.start_timer()
    writer.flush()
    found = writer.numbers()["analysis_engine"]
    assert 0 <= found["total"] <= (after - before) / 1e9


@given(parts=st.lists(st.lists(st.integers(0, 10**10), max_size=30), min_size=3, max_size=3))
def test_engines_merge_as_if_they_were_one(parts):
    """Counts, extremes and quantiles are those of all engines' timings together."""
    with pytest.MonkeyPatch.context() as patch:
        now = [0]
        patch.setattr(metrics, "_now", lambda: now[-1])
        with (
            StatsBlock.create(new_run_id(), metrics_rows(1, 3)) as many,
            StatsBlock.create(new_run_id(), metrics_rows(1, 1), kind="one") as one,
        ):
            for index, values in enumerate(parts):
                record(many, f"engine {index}", "analysis_engine", values, now)
            together = [value for values in parts for value in values]
            record(one, "engine 0", "analysis_engine", together, now)
            found = PerformanceMetrics(many).numbers()
            assert found == PerformanceMetrics(one).numbers()
            if together:
                assert found["analysis_engine"]["maximum"] == max(together) / 1e9


def test_counters_add_up_by_role(block):
    """A counter shows at once, summed over the processes of its role."""
    for index in range(3):
        engine = PerformanceMetrics.for_row(block, f"engine {index}")
        engine.count("fills")
        engine.count("bars", 10)
    found = PerformanceMetrics(block).numbers()["counters"]
    assert found["engine"]["fills"] == 3
    assert found["engine"]["bars"] == 30
    assert found["coordinator"]["bars"] == 0
    with pytest.raises(KeyError):
        PerformanceMetrics.for_row(block, "processor 0").count("fills")


def test_a_session_begins_without_ending_the_backtest(block, clock):
    """reset_session empties the session's figures of one row; reset_all all of that row."""
    reader = PerformanceMetrics(block)
    engine, other = (PerformanceMetrics.for_row(block, f"engine {i}") for i in range(2))
    for _ in range(2):
        record(block, "engine 0", "analysis_engine", [1_000], clock)
        record(block, "engine 1", "analysis_engine", [1_000], clock)
        engine.count("fills")
        engine.reset_session()
    assert reader.numbers("session")["analysis_engine"]["count"] == 2
    assert reader.numbers("session")["counters"]["engine"]["fills"] == 0
    assert reader.numbers("backtest")["analysis_engine"]["count"] == 4
    assert reader.numbers("backtest")["counters"]["engine"]["fills"] == 2
    engine.reset_all()
    assert reader.numbers("backtest")["analysis_engine"]["count"] == 2
    other.reset_all()
    assert reader.numbers("backtest")["analysis_engine"]["count"] == 0


def test_numbers_are_json(block):
    """Also while nothing is recorded: what is unknown is null, never NaN."""
    found = PerformanceMetrics(block).numbers()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["backtest"] == {
        "count": 0,
        **dict.fromkeys(("total", "minimum", "mean", "maximum", "p50", "p99", "p999")),
    }


def test_a_report_tells_a_backtest(block, clock):
    """It holds what was recorded, in units people read, and the rate."""
    record(block, "engine 0", "analysis_engine", [2_000_000_000], clock)
    record(block, "processor 0", "data_processor", [12_345] * 3, clock)
    record(block, "supervisor", "backtest", [4_000_000_000], clock)
    coordinator = PerformanceMetrics.for_row(block, "coordinator")
    coordinator.count("bars", 8_000_000)
    coordinator.count("sessions", 20)
    text = coordinator.format_report("backtest")
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "analysis engine 1 2.00 s 2.00 s 2.00 s 2.00 s 2.00 s 2.00 s" in lines
    assert "data processor 3 37.0 us 12.3 us 12.3 us 12.3 us 12.3 us 12.3 us" in lines
    assert "coordinator 8,000,000 bars, 20 sessions" in lines
    assert "8,000,000 bars in 4.000 s: 2,000,000 bars/s" in lines
    assert "20 sessions, 200 ms each" in lines
    assert not any(line.startswith("session gap") for line in lines)
    assert text.endswith("\n")


def test_a_session_report_is_about_the_session(block, clock):
    """What came before the session's start is not in it, nor is the summary of the backtest."""
    record(block, "engine 0", "analysis_engine", [2_000_000_000], clock)
    record(block, "supervisor", "backtest", [4_000_000_000], clock)
    PerformanceMetrics.for_row(block, "engine 0").reset_session()
    record(block, "engine 0", "analysis_engine", [500], clock)
    text = PerformanceMetrics(block).format_report("session")
    assert "\nbacktest" not in text
    assert "500 ns" in text
    assert "2.00 s" not in text
    assert "busy" not in text
    with pytest.raises(ValueError, match="was 'year'"):
        PerformanceMetrics(block).format_report("year")  # type: ignore[arg-type]


@given(st.integers(0, 10**16), st.integers(0, 10**12))
def test_a_report_fits_the_page(value, bars):
    """No line is wider than 80 columns, whatever was recorded."""
    with pytest.MonkeyPatch.context() as patch:
        now = [0]
        patch.setattr(metrics, "_now", lambda: now[-1])
        with StatsBlock.create(new_run_id(), metrics_rows(1, 1)) as block:
            for timer, row in ROLE_OF.items():
                record(block, row, timer, [value] * 3, now)
            for row in ("coordinator", "engine 0"):
                for name in ("bars", "slots", "sessions"):
                    PerformanceMetrics.for_row(block, row).count(name, bars)
            text = PerformanceMetrics(block).format_report("backtest")
    assert max(map(len, text.splitlines())) <= 80


def test_reading_alone_cannot_write(block):
    """Metrics without a row refuse to record, count, flush and reset."""
    reader = PerformanceMetrics(block)
    for write in (
        lambda: reader.record_backtest(0),
        lambda: reader.count("bars"),
        reader.flush,
        reader.reset_session,
        reader.reset_all,
    ):
        with pytest.raises(KeyError, match="only read"):
            write()


def test_a_closed_block_ends_them():
    """What is recorded after is refused by name."""
    with StatsBlock.create(new_run_id(), metrics_rows(1, 1)) as block:
        engine = PerformanceMetrics.for_row(block, "engine 0")
    with pytest.raises(Closed):
        engine.record_analysis_engine(0)
    with pytest.raises(Closed):
        engine.numbers()
