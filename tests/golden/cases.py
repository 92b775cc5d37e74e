"""The golden cases: a market, the strategies that trade on it, and on which terms.

Between them they use every order, cost and limit there is, which `test_golden` sees to. A case has
a pinned digest: one may be added, none may be changed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline import MINUTE, Strategy
from pipeline.lane.spec import Instrument, Terms
from pipeline.market.actions import Action
from pipeline.strategy.source import pack
from tests.golden import markets
from tests.golden.traders import (
    Clerk,
    CountingHistorian,
    DayTrader,
    PatientBoth,
    PatientCrosser,
    PatientRanker,
    Pusher,
)
from tests.reference.costs import by_the_order, by_value
from tests.reference.market import Market
from tests.reference.traders import (
    Both,
    Crosser,
    Desk,
    Historian,
    Ranker,
    Sleeper,
    Tinkerer,
)


@dataclass(frozen=True)
class Case:
    """A run that is pinned; ``universes``: of each lane, none for all symbols."""

    market: Market
    strategies: list[Strategy]
    terms: Terms
    universes: tuple[tuple[int, ...], ...] = ()


def minutes_with_gaps() -> Case:
    """Three symbols of minutes, two with gaps, and all traders; commission within bounds."""
    return Case(
        markets.minutes((0, 3, 8), ("1m", "5m", "15m")),
        [
            Sleeper(every=2, minutes=5),
            Crosser(minutes=15),
            Tinkerer(minutes=5, eager=True),
            Ranker(minutes=15),
            Both(minutes=5),
            Desk(),
            Historian(minutes=5),
            Clerk(),
        ],
        Terms(
            100_000.0, per_share=0.005, per_order=0.125, minimum=0.25, maximum=0.5, poor_below=90.0
        ),
    )


def seconds_late_by_milliseconds() -> Case:
    """Bars of a second, and decisions that take a second and a half to the market."""
    return Case(
        markets.seconds(),
        [Desk(minutes=1), Clerk(), Tinkerer(minutes=1), Crosser(minutes=1), Pusher()],
        Terms(100_000.0, basis_points=2.5, slippage=0.01, slippage_bps=1.0, latency=1_500_000_000),
    )


def hours_on_margin_with_early_closes() -> Case:
    """Sessions of hours with breaks and early closes, interest, borrow fees and liquidation."""
    return Case(
        markets.hours(),
        [
            Pusher(step=4.0),
            Clerk(size=8.0),
            Desk(size=4.0),
            Ranker(minutes=240),
            Both(minutes=1440),
        ],
        Terms(
            4_000.0,
            (Instrument(borrow_rate=0.4), Instrument(borrow_rate=0.05), Instrument()),
            basis_points=1.0,
            maintenance=0.3,
            credit_rate=0.05,
            debit_rate=0.08,
            poor_below=95.0,
        ),
    )


def days_with_splits_and_dividends() -> Case:
    """Daily bars, lots closed first in, first out, splits that leave fractions, and dividends."""
    actions = (
        Action(3, 0, 1.0, 0.25),
        Action(6, 1, 2.0, 0.0),
        Action(9, 0, 0.125, 0.0),
        Action(14, 0, 7.0, 0.5),
        Action(20, 1, 1.5, 0.125),
        Action(26, 1, 0.5, 0.25),
        Action(33, 0, 1.0, 0.75),
    )
    return Case(
        markets.days(),
        [Desk(), Clerk(), Pusher(), Sleeper(every=1), Historian(), Tinkerer(span=2)],
        Terms(
            100_000.0,
            (Instrument(lot=1.0, borrow_rate=0.4),) * 2,
            actions=actions,
            per_share=0.005,
            credit_rate=0.05,
            fifo=True,
        ),
    )


def capped_volume_with_ticks_and_lots() -> Case:
    """A sixty-fourth of each bar's volume, in lots and ticks; limits first where both touch."""
    return Case(
        markets.minutes((0, 4)),
        [Desk(size=4.0), Clerk(size=2.0), Pusher(), Crosser(quantity=20.0)],
        Terms(
            100_000.0,
            (Instrument(tick=0.05, lot=0.25),) * 2,
            per_order=1.0,
            slippage_range=0.25,
            impact=0.1,
            volume_cap=1 / 64,
            optimistic=True,
        ),
    )


def late_by_bars_with_capped_volume() -> Case:
    """Decisions that reach the market two bars later, and an eighth of each bar's volume."""
    return Case(
        markets.minutes((0, 4), ("1m", "5m")),
        [Desk(size=16.0, minutes=5), Clerk(size=8.0), Pusher(step=8.0), Tinkerer(minutes=5)],
        Terms(
            100_000.0,
            (Instrument(lot=0.25),) * 2,
            basis_points=5.0,
            minimum=0.5,
            volume_cap=0.125,
            latency_bars=2,
            fifo=True,
        ),
    )


def minutes_of_warm_up() -> Case:
    """Strategies that are called late: when their indicators are ready, or at the fifth bar."""
    return Case(
        markets.minutes((0, 3, 8), ("1m", "5m", "15m")),
        [
            PatientCrosser(slow=3, minutes=15),
            PatientRanker(span=4, minutes=5),
            PatientBoth(minutes=5),
            CountingHistorian(minutes=5),
            PatientCrosser(slow=1_000),
        ],
        Terms(100_000.0),
    )


def flat_at_each_close() -> Case:
    """Positions that are closed at each close, as far as a quarter of its volume goes."""
    return Case(
        markets.minutes((0, 4)),
        [DayTrader(), DayTrader(size=40.0)],
        Terms(
            100_000.0,
            (Instrument(lot=0.5),) * 2,
            per_order=0.25,
            slippage=0.015625,
            volume_cap=0.25,
            latency_bars=1,
        ),
    )


def filled_at_this_close() -> Case:
    """Market orders at the close at which they are placed, within an eighth of its volume."""
    return Case(
        markets.minutes((1, 6), ("1m", "15m")),
        [Desk(size=8.0), Clerk(), Pusher(step=4.0), Ranker(minutes=15)],
        Terms(
            100_000.0,
            (Instrument(lot=0.25),) * 2,
            per_share=0.01,
            maximum=1.0,
            slippage_bps=1.0,
            volume_cap=0.125,
            this_close=True,
        ),
    )


def currencies_held_and_on_credit() -> Case:
    """A foreign share paid with converted money, a foreign contract on credit; own commission."""
    return Case(
        markets.currencies(),
        [Desk(minutes=5), Clerk(), Pusher(), Crosser(quantity=8.0), Historian()],
        Terms(
            100_000.0,
            (
                Instrument(),
                Instrument(pair=1, borrow_rate=0.4),
                Instrument(multiplier=5.0, pair=1, credit=1),
            ),
            own_commission=pack(by_value, ()),
            slippage=0.015625,
        ),
    )


def currencies_by_a_pair_turned_round() -> Case:
    """An account in the pair's other currency, in which the pair itself is foreign."""
    return Case(
        markets.currencies(),
        [Desk(minutes=5), Clerk(), Pusher(), Both(minutes=5)],
        Terms(
            100_000.0,
            (
                Instrument(pair=-1, credit=1),
                Instrument(pair=-1),
                Instrument(multiplier=5.0),
            ),
            own_commission=pack(by_the_order, ()),
            max_buying_power=80_000.0,
            fifo=True,
        ),
    )


def tiers_by_value() -> Case:
    """Commission that falls with what was traded for in the month, which ends in between."""
    return Case(
        markets.minutes((0, 5)),
        [Desk(), Clerk(), Sleeper(every=2), Crosser(quantity=10.0)],
        Terms(
            100_000.0,
            tiers=((0.0, 0.0, 5.0, 2.5), (450.0, 0.002, 4.0, 0.0), (9_000.0, 0.0, 1.0, -1.0)),
            minimum=-0.25,
        ),
    )


def tiers_by_units() -> Case:
    """Commission that falls with the units traded in the month, and pays makers."""
    return Case(
        markets.minutes((0, 5)),
        [Desk(), Clerk(), Sleeper(every=2), Crosser(quantity=10.0)],
        Terms(
            100_000.0,
            tiers=((0.0, 0.01, 0.0, 0.0), (6.0, 0.005, 5.0, -2.0), (40.0, 0.001, 1.0, 1.0)),
            tiers_by_units=True,
            per_order=0.125,
            minimum=0.25,
            maximum=1.5,
        ),
    )


def funded_around_the_clock() -> Case:
    """Sessions that follow each other without a gap, funding every eight hours, makers paid."""
    return Case(
        markets.around_the_clock(),
        [Desk(minutes=60), Clerk(), Sleeper(every=3, minutes=240), Ranker(minutes=60)],
        Terms(
            100_000.0,
            (
                Instrument(funding_rate=0.01, funding_hours=0x010101),
                Instrument(funding_rate=-0.02, funding_hours=0xFFFFFF),
            ),
            basis_points=2.5,
            maker_points=-2.0,
            minimum=-1.0,
        ),
    )


def limits_of_size_and_hours() -> Case:
    """Orders of whole lots, of a share of the last volume, within hours and so much a trade."""
    market = markets.minutes((0, 4))
    sessions = market.sessions
    hours = tuple(
        (open_ + 2 * MINUTE, close - 5 * MINUTE)
        for open_, close in zip(sessions.open_ns.tolist(), sessions.close_ns.tolist(), strict=True)
    )
    return Case(
        market,
        [Pusher(), Desk(size=4.0), Clerk()],
        Terms(
            100_000.0,
            (Instrument(tick=0.25, lot=0.25),) * 2,
            hours,
            max_per_trade=1_200.0,
            max_per_symbol=2_500.0,
            max_order_volume=0.05,
        ),
    )


def limits_of_exposure() -> Case:
    """Two positions at once of three, so much buying power, and once the equity as exposure."""
    return Case(
        markets.minutes((0, 2, 9), ("1m", "5m")),
        [Pusher(), Desk(size=4.0), Clerk(size=4.0), Ranker()],
        Terms(
            5_000.0,
            max_buying_power=4_980.0,
            max_open_positions=2.0,
            leverage=1.0,
            per_share=0.05,
            slippage=0.25,
        ),
    )


def cash_account() -> Case:
    """An account that neither borrows nor sells short."""
    return Case(
        markets.minutes((0, 2, 9)),
        [Pusher(), Desk(size=4.0), Clerk(size=4.0), Sleeper(every=2)],
        Terms(3_000.0, cash_only=True, basis_points=1.0, credit_rate=0.05),
    )


def half_day_after_thanksgiving() -> Case:
    """The calendar of New York with a holiday and a half-day, splits and a dividend on them."""
    return Case(
        markets.half_day(),
        [Desk(minutes=60), Clerk(), Tinkerer(minutes=60), Crosser(minutes=60)],
        Terms(
            100_000.0,
            (Instrument(borrow_rate=0.25), Instrument()),
            actions=(Action(1, 0, 2.0, 0.25), Action(2, 1, 0.5, 0.0), Action(3, 0, 1.0, 0.5)),
            per_share=0.005,
            minimum=1.0,
            debit_rate=0.08,
        ),
    )


def universes_of_ragged_symbols() -> Case:
    """Symbols that come late, go early or hardly trade, and lanes that see some of them."""
    return Case(
        markets.ragged(),
        [Desk(), Clerk(), Crosser(minutes=5), Ranker(leader="B"), Both(minutes=15), Pusher()],
        Terms(100_000.0, per_share=0.005, latency=30_000_000_000, max_open_positions=3.0),
        universes=((0, 1, 2, 3), (0, 2), (1, 3), (1, 2, 3), (2, 3), (0, 3)),
    )


CASES: dict[str, Callable[[], Case]] = {
    make.__name__: make
    for make in (
        minutes_with_gaps,
        minutes_of_warm_up,
        flat_at_each_close,
        seconds_late_by_milliseconds,
        hours_on_margin_with_early_closes,
        days_with_splits_and_dividends,
        capped_volume_with_ticks_and_lots,
        late_by_bars_with_capped_volume,
        filled_at_this_close,
        currencies_held_and_on_credit,
        currencies_by_a_pair_turned_round,
        tiers_by_value,
        tiers_by_units,
        funded_around_the_clock,
        limits_of_size_and_hours,
        limits_of_exposure,
        cash_account,
        half_day_after_thanksgiving,
        universes_of_ragged_symbols,
    )
}
