"""What does not fit into the memory is refused before it is tried, with what asks for it."""

from pathlib import Path
from typing import Any

import pytest

from pipeline import SessionConfig, Strategy
from pipeline import indicators as ind
from pipeline.errors import ConfigError, RunError
from pipeline.market.catalog.sample import SYMBOLS
from pipeline.runner.fitting_ring import fewest_slots
from pipeline.runner.lanes import make_lanes, strategy_settings
from pipeline.runner.memory import check_members, check_memory, kept_by_indicators, shape_within
from pipeline.runner.preparation import shape_of
from tests.reference.processes import settings_of


def width(window, params):
    return window.max() - window.min()


def held(state, bar, params):
    return state[0]


class Looker(Strategy):
    rows: int = 2
    lookback = property(lambda self: self.rows)

    def on_bar(self, bar, ctx):
        ctx.market(bar.symbol, 1.0)


class Asker(Strategy):
    rows: int = 2
    kind: int = 0

    def indicators(self):
        kinds = (ind.sma, lambda rows: ind.window(width, rows))
        if self.kind < len(kinds):
            return {"short": ind.ema(5), "long": kinds[self.kind](self.rows)}
        return {"short": ind.ema(5), "long": ind.custom(held, state=self.rows)}

    def on_bar(self, bar, ctx):
        ctx.market(bar.symbol, 1.0)


def checked(strategy: Any) -> tuple[SessionConfig, Any, Any]:
    settings = settings_of("US_EQUITY", "2024-11-25", "2024-12-02", SYMBOLS, ["1m"], Path("none"))
    config = SessionConfig.load(settings | {"strategy": strategy_settings(strategy)})
    lanes = make_lanes(config, strategy)
    return config, lanes, shape_of(config, lanes)


def test_processes_that_do_not_fit_into_the_memory_are_refused_with_both_numbers(monkeypatch):
    monkeypatch.setattr("pipeline.runner.memory.available_memory", lambda: 191 * 2**20)
    check_members(1, 1)
    with pytest.raises(RunError, match=r"^the 4 processes .* need 192\.0 .* are 191\.0 MiB: "):
        check_members(1, 2)


@pytest.mark.parametrize("rows", [10**9, 10**12])
def test_a_long_lookback_is_named_with_its_strategy(rows: int):
    with pytest.raises(ConfigError) as caught:
        check_memory(*checked([Looker(), Looker(rows=rows)]))
    message = str(caught.value)
    assert message.startswith(
        f"Looker(rows={rows}) has a lookback of {rows:,} bars: the ring needs"
    )
    assert "there are" in message


@pytest.mark.parametrize("rows", [10**10, 10**12])
@pytest.mark.parametrize(
    ("kind", "found"), [(0, "sma({rows}), "), (1, "width({rows}), "), (2, "held, ")]
)
def test_an_indicator_that_keeps_much_is_named_with_its_strategy(rows: int, kind: int, found: str):
    with pytest.raises(ConfigError) as caught:
        check_memory(*checked([Asker(kind=kind), Asker(rows=rows, kind=kind)]))
    message = str(caught.value)
    assert f"; Asker(rows={rows}, kind={kind}) asks for {found.format(rows=rows)}" in message
    assert message.startswith("indicators need ")
    assert f" of each of {len(SYMBOLS)} symbols: make it shorter" in message


def test_indicators_keep_what_each_needs_for_each_symbol():
    _, lanes, shape = checked(Asker(rows=1_000))
    assert kept_by_indicators(lanes, shape) == 8 * len(SYMBOLS) * (3 + 4 + 1_001)


def test_what_fits_is_not_refused():
    check_memory(*checked([Looker(rows=500), Asker(rows=500)]))


def test_slots_are_shortened_where_memory_is_scarce_unless_their_rows_are_set():
    config, lanes, usual = checked(Looker())
    assert shape_within(config, lanes, usual.layout.size) == usual
    short = shape_within(config, lanes, usual.layout.size // 3)
    assert 0 < short.layout.size <= usual.layout.size // 3
    fewest = shape_within(config, lanes, 1)
    assert 0 < fewest.rows < short.rows
    pipeline = config.pipeline.model_copy(update={"slot_rows": usual.rows})
    told = config.model_copy(update={"pipeline": pipeline})
    assert shape_within(told, lanes, 1) == usual


def test_slots_that_a_user_has_set_are_not_given_up():
    config, _, _ = checked(Looker())
    assert (config.pipeline.slots, fewest_slots(config)) == (4, 1)
    for pipeline, fewest in (({"slots": 3}, 3), ({"slot_rows": 64}, 4)):
        told = SessionConfig.load(config.model_dump() | {"pipeline": pipeline})
        assert fewest_slots(told) == fewest
