"""The notes of a summary: what a reader of the figures has to know."""

from pathlib import Path
from typing import Any

import pytest

from pipeline import SessionConfig
from pipeline.market.catalog.sample import SYMBOLS
from pipeline.runner.notes import notes_of
from pipeline.runner.preparation import Preparation, prepare
from pipeline.tape.market_facts import MarketFacts
from tests.reference.processes import settings_of

NONE = MarketFacts()
TRADER = {"name": "pipeline.strategy.examples:SmaCross"}


def prepared(sample: Path, last: str, **changes: Any) -> Preparation:
    """What a run of one symbol from 22 October 2024 prepares."""
    config = settings_of("US_EQUITY", "2024-10-22", last, SYMBOLS[:1], ["1m"], sample)
    return prepare(SessionConfig(**{**config, "strategy": TRADER, **changes}))


def notes(sample: Path, last: str, *drawdowns: float, **changes: Any) -> list[str]:
    """The notes on a run from 22 October 2024 whose lanes have these drawdowns."""
    preparation = prepared(sample, last, **changes)
    lanes = [{"max_drawdown": value, "warmup_sessions": 0} for value in drawdowns]
    return notes_of(preparation, lanes, NONE)


SCATTER = "One session has no scatter: volatility, Sharpe, Sortino and Omega ratio"
RELATIVE = "beta, correlation, tracking error and information ratio"
LENGTH = (
    "The run has {} of the 21 sessions, a twelfth of a year of 252, by which a year can be told:"
    " annual return, Calmar ratio, turnover per year"
)


@pytest.mark.parametrize(
    ("last", "benchmark", "expected"),
    [
        (
            "2024-10-22",
            SYMBOLS[0],
            [
                f"{SCATTER}, {RELATIVE} are not given.",
                f"{LENGTH.format(1)} and alpha are not given.",
            ],
        ),
        ("2024-11-18", None, [f"{LENGTH.format(20)} are not given."]),
        ("2024-11-19", None, []),
    ],
    ids=["one session", "twenty", "enough"],
)
def test_a_short_run_says_which_figures_it_is_too_short_for(sample, last, benchmark, expected):
    assert notes(sample, last, 0.1, benchmark=benchmark) == expected


@pytest.mark.parametrize(
    ("drawdowns", "which"),
    [([1.2], "The account was"), ([0.1, 1.0, 3.0], "2 of 3 accounts were"), ([0.99], None)],
)
@pytest.mark.parametrize("last", ["2024-10-22", "2024-11-19"], ids=["one session", "a month"])
def test_ruined_accounts_are_told(sample, drawdowns, which, last):
    found = [note for note in notes(sample, last, *drawdowns) if "ruined" in note]
    assert [note.split(":")[0] for note in found] == ([f"{which} ruined"] if which else [])


def test_strategies_that_were_never_called_are_told(sample):
    """One by its symbols and indicators, several by their number."""
    preparation = prepared(sample, "2024-11-19")
    sessions = len(preparation.sessions)

    def lane(late: int, *series: str) -> dict[str, Any]:
        return {"max_drawdown": 0.1, "warmup_sessions": late, "never_ready": series}

    (note,) = notes_of(preparation, [lane(sessions, "A 1m (slow)", "B 1m (slow)")], NONE)
    assert note == (
        "The strategy was never called for A 1m (slow), B 1m (slow): the indicators in brackets had"
        " no value at any bar."
    )
    (note,) = notes_of(preparation, [lane(sessions), lane(3), lane(sessions)], NONE)
    assert note == (
        "An indicator had no value at any bar in 2 of 3 strategies, which were never called for a"
        " bar."
    )
    sets = ["fast 5, slow 400", "fast 5, slow 40", "fast 10, slow 400"]
    lanes = [lane(3), lane(sessions), lane(sessions)]
    (note,) = notes_of(preparation, lanes, NONE, sets)
    assert note == (
        "An indicator had no value at any bar in 2 of 3 sets (the first: fast 5, slow 40), which"
        " were never called for a bar."
    )
    (note,) = notes_of(preparation, [lane(3), lane(sessions), lane(0)], NONE, sets)
    assert "in 1 of 3 sets (fast 5, slow 40), which" in note
    assert notes_of(preparation, [lane(3), lane(0)], NONE) == []


def test_indicators_without_a_value_are_told_where_the_strategy_does_not_wait_for_them(sample):
    preparation = prepared(sample, "2024-11-19")

    def lane(never: list[str], *series: str) -> dict[str, Any]:
        known = {"volatility": 0.1, "warmup_sessions": 0, "max_drawdown": 0.1}
        return {**known, "never_ready": [*never, *series], "never_called": never}

    never, called = notes_of(preparation, [lane(["B 1m (slow)"], "A 1m (slow)")], NONE)
    assert never == (
        "The strategy was never called for B 1m (slow): the indicators in brackets had no value at"
        " any bar."
    )
    assert called == (
        "The indicators in brackets had no value at any bar, and the strategy did not wait for"
        " them: A 1m (slow)."
    )
    lanes = [lane([]), lane([], "A 1m (slow)"), lane([], "A 1m (fast)")]
    (note,) = notes_of(preparation, lanes, NONE)
    assert note == (
        "Indicators of 2 of 3 strategies had no value at any bar of a symbol, the first of them:"
        " A 1m (slow)."
    )


def test_fractions_of_equity_that_are_likely_per_cent_are_told(sample):
    preparation = prepared(sample, "2024-11-19")

    def lane(calls: int, farthest: float) -> dict[str, Any]:
        known = {"volatility": 0.1, "warmup_sessions": 0, "max_drawdown": 0.1}
        return {**known, "far_targets": calls, "farthest_target": farthest}

    assert notes_of(preparation, [lane(0, 0.0)], NONE) == []
    (note,) = notes_of(preparation, [lane(1, 50.0)], NONE)
    assert note == (
        "target_percent takes fractions, 0.5 is half of the equity: 1 call asked for multiples of"
        " it, up to 50. Divide per cents by 100."
    )
    (note,) = notes_of(preparation, [lane(1_000, 50.0), lane(0, 0.0), lane(500, -60.0)], NONE)
    assert "1,500 calls of 2 of 3 strategies asked for multiples of it, up to -60." in note


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ([0, 0], []),
        ([7], []),
        (
            [0, 7, 1200],
            [
                (
                    "Limits rejected orders of 2 of 3 strategies, up to 1,200 of one. The figure"
                    " orders_rejected counts them, and a run of one strategy has the reasons."
                )
            ],
        ),
    ],
)
def test_rejected_orders_of_many_strategies_are_told(sample, counts, told):
    preparation = prepared(sample, "2024-11-19")
    lanes = [{"max_drawdown": 0.1, "warmup_sessions": 0, "orders_rejected": n} for n in counts]
    assert notes_of(preparation, lanes, NONE) == told


@pytest.mark.parametrize(
    ("figures", "begin"),
    [
        ({"crossed_brackets": 1}, "1 bracket of market orders had a stop-loss or a take-profit on"),
        ({"crossed_brackets": 1200}, "1,200 brackets of market orders had a stop-loss or a"),
        ({"orders_below_zero": 2}, "2 orders had a limit or a stop at zero or below, while the"),
        ({"narrow_trailing_stops": 2}, "trailing_stop takes per cents, percent=2 is 2 %: 2 calls"),
        ({"trailing_stops_that_opened": 30}, "30 trailing stops opened a position, enlarged one"),
        (
            {"orders_rejected_beside_sales": 1},
            "1 order lacked cash or room and was rejected, beside orders of the same moment that",
        ),
        ({"exits_that_opened": 1}, "1 stop or limit order could only close a position when placed"),
    ],
)
def test_protecting_prices_that_are_not_meant_are_told(sample, figures, begin):
    preparation = prepared(sample, "2024-11-19")
    (told,) = notes_of(preparation, [{"max_drawdown": 0.1, "warmup_sessions": 0, **figures}], NONE)
    assert told.startswith(begin)


def test_how_orders_ended_that_were_never_filled_is_told(sample):
    preparation = prepared(sample, "2024-11-19")
    known = {"max_drawdown": 0.1, "warmup_sessions": 0, "orders": 1161}
    ways = {"expired (out_of_time)": 1000, "accepted": 158, "cancelled (not_at_once)": 2, "a": 1}
    unfilled = {**known, "fills": 0, "endings": ways}
    assert notes_of(preparation, [{**unfilled, "fills": 1}], NONE) == []
    assert notes_of(preparation, [{**known, "orders": 0, "fills": 0}], NONE) == []
    (note,) = notes_of(preparation, [unfilled], NONE)
    assert note == (
        "None of 1,161 orders was filled: 1,000 expired (out_of_time), 158 still at rest, 2"
        " cancelled (not_at_once) and 1 more. The orders' table has the reason of each."
    )
    (note,) = notes_of(preparation, [unfilled, {**known, "fills": 3}], NONE)
    assert note == "None of the orders of 1 of 2 strategies was filled."


@pytest.mark.parametrize(
    ("sessions", "begin"),
    [
        ([10], None),
        ([11], "In 11 of 21 sessions positions were closed by orders placed after the close"),
        ([0, 20, 11], "In 20 of 21 sessions positions were closed by 2 of 3 strategies by orders"),
    ],
)
def test_positions_held_over_most_nights_by_exits_after_the_close_are_told(sample, sessions, begin):
    preparation = prepared(sample, "2024-11-19")
    assert len(preparation.sessions) == 21
    known = {"max_drawdown": 0.1, "warmup_sessions": 0}
    lanes = [{**known, "sessions_with_late_exits": count} for count in sessions]
    told = notes_of(preparation, lanes, NONE)
    assert [note[: len(begin or "")] for note in told] == ([begin] if begin else [])


def test_rates_that_are_likely_fractions_are_told(sample):
    (note,) = notes(sample, "2024-11-19", 0.1, execution={"slippage_bps": 0.001})
    assert "per cent: execution.slippage_bps is 0.001. 0.001 basis points are 0.00001 %." in note


def test_a_volume_cap_that_lets_nothing_be_filled_is_told(sample):
    capped = prepared(sample, "2024-11-19", execution={"volume_cap": 0.1})
    known = {"max_drawdown": 0.1, "warmup_sessions": 0, "orders": 3}
    without = MarketFacts(without_volume=("AAPL", "SPY"))
    (note,) = notes_of(capped, [{**known, "fills": 1}], without)
    assert note == (
        "No order can fill in AAPL, SPY: all bars there have a volume of 0, and"
        " execution.volume_cap lets 0.1 of a bar's volume be filled. Import bars with their volume,"
        " or set volume_cap to null."
    )
    _, note = notes_of(capped, [{**known, "fills": 0}], NONE)
    assert note == (
        "execution.volume_cap lets 0.1 of a bar's volume be filled. An order fills nothing in bars"
        " where that is less than a lot (lot_size of its instrument)."
    )
    assert notes_of(capped, [{**known, "fills": 1}], NONE) == []
    assert notes_of(capped, [{**known, "orders": 0}], without) == []
    uncapped = prepared(sample, "2024-11-19")
    assert notes_of(uncapped, [{**known, "fills": 1}], without) == []
