"""Where backtrader's rules are not ours: one bar after another, by hand, against both."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from pipeline import DAY, Strategy
from tests.execution.backtrader_peer import Peer, bt, by_backtrader
from tests.execution.oracles import CASH, Fills, by_ours, one_symbol


@dataclass(frozen=True)
class Rule:
    """Orders placed at the close of the first bar, and what either tool makes of the next bars."""

    name: str
    bars: Sequence[tuple[float, float, float, float]]
    ours: Callable[[Any], Any]
    theirs: Callable[[Any], Any]
    our_fills: Fills
    their_fills: Fills


def stop_beside_limit(ctx: Any) -> None:
    limit = ctx.limit(0, 10.0, 95.0)
    ctx.one_cancels_other(limit, ctx.stop(0, 10.0, 105.0))


def limit_before_stop(me: Any) -> None:
    limit = me.buy(size=10, exectype=bt.Order.Limit, price=95.0)
    me.buy(size=10, exectype=bt.Order.Stop, price=105.0, oco=limit)


def bracket(me: Any) -> None:
    me.buy_bracket(size=10, exectype=bt.Order.Market, stopprice=95.0, limitprice=105.0)


FIRST = (100.0, 100.0, 100.0, 100.0)
RULES = [
    Rule(
        "the legs of an entry at the open meet that very bar; theirs the next one",
        [FIRST, (100.0, 101.0, 94.0, 98.0), (98.0, 106.0, 97.0, 106.0)],
        lambda ctx: ctx.bracket(0, 10.0, 95.0, 105.0),
        bracket,
        [(1, 100.0, 10.0), (1, 95.0, -10.0)],
        [(1, 100.0, 10.0), (2, 105.0, -10.0)],
    ),
    Rule(
        "all orders meet the open before any meets the range; theirs one after another",
        [FIRST, (100.0, 101.0, 99.0, 100.0), (106.0, 107.0, 94.0, 96.0)],
        lambda ctx: ctx.bracket(0, 10.0, 95.0, 105.0),
        bracket,
        [(1, 100.0, 10.0), (2, 106.0, -10.0)],
        [(1, 100.0, 10.0), (2, 95.0, -10.0)],
    ),
    Rule(
        "stops come before limits; theirs what was placed first",
        [FIRST, (100.0, 106.0, 94.0, 100.0)],
        stop_beside_limit,
        limit_before_stop,
        [(1, 105.0, 10.0)],
        [(1, 95.0, 10.0)],
    ),
    Rule(
        "a limit behind its stop waits for the next bar; theirs fills if the close is through it",
        [FIRST, (104.0, 106.0, 101.0, 101.5), (101.0, 103.0, 100.0, 102.0)],
        lambda ctx: ctx.stop_limit(0, 10.0, 105.0, 102.0),
        lambda me: me.buy(size=10, exectype=bt.Order.StopLimit, price=105.0, plimit=102.0),
        [(2, 101.0, 10.0)],
        [(1, 102.0, 10.0)],
    ),
    Rule(
        "a trailing stop follows the high or low; theirs the close",
        [FIRST, (100.0, 110.0, 99.0, 106.0), (106.0, 107.0, 100.5, 102.0)],
        lambda ctx: ctx.trailing_stop(0, -10.0, amount=5.0),
        lambda me: me.sell(size=10, exectype=bt.Order.StopTrail, trailamount=5.0),
        [(2, 105.0, -10.0)],
        [(2, 101.0, -10.0)],
    ),
    Rule(
        "nothing is refused for want of cash; theirs is",
        [FIRST, FIRST],
        lambda ctx: ctx.market(0, 2 * CASH),
        lambda me: me.buy(size=2 * CASH),
        [(1, 100.0, 2 * CASH)],
        [],
    ),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_where_the_rules_differ(rule: Rule):
    class Once(Strategy):
        def on_bar(self, bar, ctx):
            if ctx.count(0) == 1:
                rule.ours(ctx)

    class OncePeer(Peer):
        def next(self):
            if len(self.data) == 1:
                rule.theirs(self)

    values = np.array([(*prices, 100.0) for prices in rule.bars]).T
    market = one_symbol(np.arange(len(rule.bars), dtype=np.int64) * DAY, values, "1d")
    assert by_ours(market, Once(), "interpreted")[0] == rule.our_fills
    assert by_backtrader(market, OncePeer, None)[0] == rule.their_fills
