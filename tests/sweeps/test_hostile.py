"""No lane can change what others see: hostile sets beside an innocent one, in real processes."""

from pathlib import Path
from typing import Any

import pytest

from pipeline import Strategy, run, sweep
from pipeline.errors import StrategyError
from pipeline.market.catalog.sample import SYMBOLS
from tests.reference.processes import settings_of
from tests.sweeps.hostile import (
    ASKS_THE_BASE,
    DIVIDES,
    INNOCENT,
    LIFTS_THE_FLAG,
    REACHES_THE_SLOT,
    STORES,
    Normaliser,
)


def settings(sample: Path, name: str, **changes: Any) -> dict[str, Any]:
    config = settings_of("US_EQUITY", "2024-11-25", "2024-11-26", SYMBOLS[:1], ["1m"], sample)
    return config | {"strategy": {"name": f"tests.sweeps.hostile:{name}", **changes}}


@pytest.mark.parametrize(("engines", "rows"), [(1, None), (2, 1)])
def test_hostile_sets_change_nothing_for_an_innocent_one(
    sample: Path, tmp_path: Path, engines: int, rows: int | None
):
    alone = run(settings(sample, "Hostile", mode="interpreted"), out=tmp_path / "alone").summary
    config = settings(sample, "Hostile", mode="interpreted")
    config["pipeline"] = {"engines": engines, "slot_rows": rows}
    kinds = [DIVIDES, INNOCENT, STORES, ASKS_THE_BASE, REACHES_THE_SLOT, LIFTS_THE_FLAG]
    config["sweep"] = {"space": {"kind": kinds}, "score": "total_return", "best": 0}
    lanes = {row.parameters["kind"]: row for row in sweep(config, out=tmp_path).rows}
    assert lanes[INNOCENT].digest == alone["lanes"][0]["digest"]
    # What it has lifted the flag of, or found behind its window, is its own copy.
    for kind in (LIFTS_THE_FLAG, ASKS_THE_BASE):
        assert lanes[kind].digest == lanes[INNOCENT].digest
    for kind, words in (
        (DIVIDES, "read-only"),
        (STORES, "read-only"),
        (REACHES_THE_SLOT, "read-only"),
    ):
        assert "hostile.py:" in lanes[kind].error, kind
        assert words in lanes[kind].error, kind


class Divides(Strategy):
    """Normalises its window in place."""

    lookback = 5

    def on_bar(self, bar, ctx):
        window = ctx.window(bar.symbol, "close", 5)
        window /= window[0]
        ctx.target(bar.symbol, window[-1])


class Stores(Strategy):
    """Writes a price into its window."""

    lookback = 5

    def on_bar(self, bar, ctx):
        window = ctx.window(bar.symbol, "close", 5)
        window[-1] = 1e6
        ctx.target(bar.symbol, window[-1])


@pytest.mark.parametrize("cls", [Divides, Stores])
@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
def test_to_write_into_a_window_is_refused_in_both_modes(
    sample: Path, tmp_path: Path, cls: type[Strategy], mode: str
):
    with pytest.raises(StrategyError, match=rf"test_hostile.py:\d+: {cls.__name__}\.on_bar"):
        run(
            settings(sample, "Hostile"),
            strategy=cls,
            overrides=[f"strategy.0.mode={mode}"],
            out=tmp_path,
        )


def test_a_copy_of_a_window_is_the_strategys_own_and_equal_in_both_modes(
    sample: Path, tmp_path: Path
):
    digests = {
        run(settings(sample, "Normaliser", mode=mode), out=tmp_path).summary["digest"]
        for mode in ("compiled", "interpreted")
    }
    assert len(digests) == 1
    assert Normaliser.lookback == 5
