"""An account that can no longer be counted ends its lane and names the order that did it."""

import math

import numpy as np
import pytest

from pipeline import MINUTE, Strategy, state
from pipeline.codes import STOP
from pipeline.errors import StrategyError
from pipeline.execution.broken import FARTHEST, NO_VALUE, TOO_LARGE
from pipeline.lane.spec import Terms
from tests.execution.ledgers import BAR, Ledger, ledger_of
from tests.reference.in_process import Setup, run_in_process
from tests.reference.market import Bars, Market, session_table

T0 = 1_700_006_400_000_000_000


class Vast(Strategy):
    """Asks for so much at its third bar, as one kind of order or another."""

    size: float = 1e308
    kind: int = 0
    bars: int = state(0)

    def on_bar(self, bar, ctx):
        self.bars += 1
        if self.bars == 3:
            if self.kind == STOP:
                ctx.stop(bar.symbol, self.size, bar.close)
            else:
                ctx.market(bar.symbol, self.size)


def market_of(closes: list[float]) -> Market:
    ts = T0 + MINUTE * np.arange(len(closes), dtype=np.int64)
    values = np.array([closes] * 4 + [[100.0] * len(closes)])
    spans = [(T0, T0 + len(closes) * MINUTE)]
    return Market({"ALFA": Bars(ts, values)}, session_table(spans), ("1m",))


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
@pytest.mark.parametrize(
    ("size", "kind", "terms", "words"),
    [
        (1e308, 0, {}, r"order 1 \(market of \+1e\+308 ALFA at .* 00:03:00Z\) .* worth inf: "),
        (-1e308, STOP, {}, r"order 1 \(stop of -1e\+308 ALFA at .* 00:03:00Z\) .* worth inf: "),
        (1e25, 0, {}, r"worth 1e\+26: expected at most 1e\+15, 1e\+12 times the account's equity"),
        (1e25, 0, {"this_close": True}, r"filled at 10, which is worth 1e\+26"),
        (1e25, 0, {"maintenance": 0.5, "fifo": True}, r"trading_config\.leverage"),
    ],
)
def test_an_order_beyond_all_counting_ends_the_lane(mode, size, kind, terms, words):
    market = market_of([10.0] * 6)
    with pytest.raises(StrategyError, match=rf"^Vast: .*{words}") as caught:
        run_in_process(
            market, [Vast(size=size, kind=kind)], Setup(mode=mode), Terms(1_000.0, **terms)
        )
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
@pytest.mark.parametrize("slot_rows", [2, 20])
def test_a_position_that_outgrows_all_numbers_ends_the_lane(mode: str, slot_rows: int):
    market = market_of([10.0] * 5 + [1e300] * 4)
    words = r"^Vast: .* found none at .*Z: cash -1e\+11, \+10000000000 ALFA at 1e\+300; order less"
    with pytest.raises(StrategyError, match=words):
        run_in_process(
            market, [Vast(size=1e10)], Setup(mode=mode, slot_rows=slot_rows), Terms(1_000.0)
        )


def test_an_order_that_a_limit_refuses_breaks_nothing():
    ledger = Ledger(1, leverage=1.0)
    ledger.last_price[0] = 10.0
    for quantity in (1e308, 1e25):
        ledger.place(0, quantity)
    ledger.at(1)
    assert [one["found"] for one in ledger.done] == [math.inf, 1e26]
    assert ledger["broken"] == 0


def test_how_far_an_account_counts_goes_by_its_equity_where_that_is_more():
    for equity, broken in ((1_000.0, TOO_LARGE), (1e6, 0), (-1e6, 0), (0.0, TOO_LARGE)):
        ledger = ledger_of()
        ledger.record[0]["equity"] = equity
        ledger.place(0, 2e3 * FARTHEST / 10.0)
        ledger.at(BAR).match(0, BAR, 10.0)
        assert ledger["broken"] == broken
        assert ledger["full"] == (broken != 0)


def test_the_first_reason_stands():
    ledger = ledger_of()
    ids = [ledger.place(0, quantity) for quantity in (1e300, 1e308)]
    ledger.at(BAR).match(0, BAR, 1e100)
    ledger.mark()
    assert ledger["broken"] == TOO_LARGE != NO_VALUE
    assert ledger.culprit[0]["order_id"] == ids[0]
