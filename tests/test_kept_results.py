"""What a run that is ended early keeps: all its rows until then, for whoever asks what led to it.

Runs have real processes. The moment of an end is chosen by the run's progress, never by a sleep.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline import Progress, Result, Strategy, run
from pipeline.cli import main
from pipeline.errors import StrategyError
from pipeline.market.catalog.sample import FIRST_DATE, LAST_DATE, SYMBOLS
from tests.reference.processes import assert_nothing_left, settings_of
from tests.reference.traders import Crosser, Tinkerer

LANES = [Tinkerer(), Crosser()]


@pytest.fixture
def config(sample: Path) -> dict[str, Any]:
    settings = settings_of("US_EQUITY", FIRST_DATE, LAST_DATE, SYMBOLS, ["1m", "5m"], sample)
    settings["pipeline"] = {"processors": 2, "engines": 2, "slots": 3, "slot_rows": 20}
    return settings


def interrupt_at(bars: int) -> Callable[[Progress], None]:
    """Return a progress callback that interrupts when the tape runs and has so many bars done."""

    def interrupt(progress: Progress) -> None:
        if progress.session_date is not None and progress.bars >= bars:
            raise KeyboardInterrupt

    return interrupt


@pytest.mark.parametrize(("engines", "lanes"), [(1, LANES[:1]), (2, LANES)])
def test_an_interrupted_run_keeps_what_it_came_to_until_then(
    config, tmp_path: Path, engines: int, lanes: list[Strategy]
):
    config["pipeline"]["engines"] = engines

    with pytest.raises(KeyboardInterrupt):
        run(config, strategy=lanes, out=tmp_path / "runs", progress=interrupt_at(2000))
    assert_nothing_left()
    kept = Result.load(out=tmp_path / "runs")
    whole = run(config, strategy=lanes, out=tmp_path / "whole")
    assert kept.summary["rows"]["equity"] == kept.equity.num_rows
    for lane in range(len(lanes)):
        assert_begins(kept, whole, "equity", lane, 100)
        assert_begins(kept, whole, "fills", lane, 1)
        assert_begins(kept, whole, "round_trips", lane, 1)


SLOW = """
import time
from pipeline import Strategy


class Slow(Strategy):
    slow: bool = False

    def on_session_open(self, session, ctx):
        until = time.monotonic() + 0.9 * self.slow
        while time.monotonic() < until:
            pass

    def on_bar(self, bar, ctx):
        ctx.market(bar.symbol, 1.0)
"""


def test_an_engine_comes_to_the_end_of_a_slow_slot_and_keeps_its_rows(config, tmp_path: Path):
    """The slot takes longer than members get that only wait."""
    source = tmp_path / "slow.py"
    source.write_text(SLOW)
    config["strategy"] = {"name": f"{source}:Slow", "mode": "interpreted"}
    config["pipeline"] = {"engines": 1, "slot_rows": 400}

    late = ["strategy.parameters.slow=true"]
    with pytest.raises(KeyboardInterrupt):
        run(config, overrides=late, out=tmp_path / "runs", progress=interrupt_at(0))
    kept = Result.load(out=tmp_path / "runs")
    assert_begins(kept, run(config, out=tmp_path / "whole"), "fills", 0, 100)


def assert_begins(kept: Result, whole: Result, name: str, lane: int, least: int) -> None:
    """The kept rows of a lane's table are its first ones, at least so many."""
    rows, expected = (
        table[table.lane == lane].reset_index(drop=True)
        for table in (kept.to_pandas(name), whole.to_pandas(name))
    )
    assert least <= len(rows) < len(expected)
    pd.testing.assert_frame_equal(rows, expected[: len(rows)])


LATE = """
from pipeline import Strategy


class Late(Strategy):
    last: int = 1_000_000

    def on_bar(self, bar, ctx):
        number = ctx.count(bar.symbol)
        if number % 10 == 0:
            ctx.target(bar.symbol, 10.0 - ctx.position(bar.symbol))
        if number % 100 == 0:
            ctx.limit(bar.symbol, 5, bar.close / 2)
        if bar.symbol == 2 and number == self.last:
            raise ValueError("too late")
"""


@pytest.mark.parametrize("inline", [False, True])
@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
def test_what_led_to_an_error_of_a_hook_is_kept(
    config, tmp_path: Path, mode: str, inline: bool, capsys
):
    """In the middle of a slot, too."""
    if inline and mode == "compiled":
        return
    source, out = tmp_path / "late.py", tmp_path / "runs"
    source.write_text(LATE)
    config["strategy"] = {"name": f"{source}:Late", "mode": mode}
    config["pipeline"] = {"engines": 1}
    with pytest.raises(StrategyError, match="too late"):
        run(config, overrides=["strategy.parameters.last=950"], out=out, inline=inline)
    kept = Result.load(out=out)
    whole = run(config, out=tmp_path / "whole")
    for name in ("equity", "fills", "round_trips"):
        assert_begins(kept, whole, name, 0, 50)
    raised = re.search(r" at (.*)\)", kept.summary["reason"])
    assert raised is not None
    assert kept.summary["until"] <= raised[1]
    orders = kept.to_pandas("orders")
    assert (orders.state == "accepted").sum() >= 8 * len(SYMBOLS)
    assert orders.order_id.is_unique
    with pytest.raises(SystemExit):
        main(["runs", "latest", "--out", str(out)])
    said = capsys.readouterr().out
    assert " - of " not in said
    assert f"{len(orders):,} rows of orders" in said.replace("\n                ", " ")
