"""Makes the terms on which the lanes of a run trade, by its configuration."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.codes import DAY_NS
from pipeline.config.execution.instruments import InstrumentConfig
from pipeline.config.session import SessionConfig
from pipeline.market.time.time_manager import SessionTable, TimeManager
from pipeline.runner.commission import commission_terms, poor_below

if TYPE_CHECKING:
    from pipeline.lane.spec import Terms


def time_manager(settings: SessionConfig) -> TimeManager:
    """Return the time manager of a run, which knows its calendar."""
    return TimeManager(settings.exchange_group, settings.session_data_config.trading_hours)


def auctions_in(settings: SessionConfig) -> bool:
    """Return whether closing auctions are added to the last bars of sessions."""
    return settings.session_data_config.closing_auction == "last_bar"


def terms_of(settings: SessionConfig, sessions: SessionTable) -> "Terms":
    """Return the terms on which the lanes of a run over these sessions trade."""
    from pipeline.lane.spec import Instrument, Terms

    def bound(value: float | None) -> float:
        return math.inf if value is None else value

    trading, costs = settings.trading_config, settings.execution
    symbols, conversions = settings.session_data_config.symbols, settings.conversions()

    def instrument(symbol: str) -> Instrument:
        one = settings.instruments.get(symbol, InstrumentConfig())
        pair = credit = 0
        if (conversion := conversions.get(symbol)) is not None:
            pair = (symbols.index(conversion.pair) + 1) * (-1 if conversion.inverse else 1)
            credit = int(conversion.converted == "profit")
        sizes = one.tick_size, one.lot_size, one.multiplier
        funded = one.funding_rate, sum(1 << hour for hour in one.funding_hours)
        return Instrument(*sizes, one.borrow_rate, pair, credit, *funded)

    return Terms(
        trading.initial_cash,
        tuple(map(instrument, symbols)),
        _hours(settings, sessions),
        time_manager(settings).utc_offsets(sessions),
        **commission_terms(costs),
        slippage=costs.slippage,
        slippage_bps=costs.slippage_bps,
        slippage_range=costs.slippage_range,
        impact=costs.slippage_impact,
        volume_cap=bound(costs.volume_cap),
        optimistic=costs.both_touched == "optimistic",
        this_close=costs.fill == "this_close",
        max_buying_power=bound(trading.max_buying_power),
        max_per_trade=bound(trading.max_per_trade),
        max_per_symbol=bound(trading.max_per_symbol),
        max_open_positions=bound(trading.max_open_positions),
        max_order_volume=bound(trading.max_order_volume),
        leverage=bound(trading.leverage),
        cash_only=trading.account == "cash",
        maintenance=trading.maintenance_margin,
        credit_rate=trading.interest_on_cash,
        debit_rate=trading.interest_on_debt,
        fifo=trading.lots == "fifo",
        poor_below=poor_below(settings),
        latency=round(1e6 * costs.latency_ms),
        latency_bars=costs.latency_bars,
    )


def _hours(settings: SessionConfig, sessions: SessionTable) -> tuple[tuple[int, int], ...]:
    """Return the first and last instant at which orders go out in each session, ns UTC.

    There are none if orders may go out at any time.
    """
    hours = settings.trading_config.allowed_hours
    if hours is None:
        return ()
    manager = time_manager(settings)
    first, last = (manager.local_times(sessions, wall) for wall in hours)
    if hours[0] > hours[1]:
        evening = replace(sessions, date_ns=sessions.date_ns - DAY_NS)
        first = manager.local_times(evening, hours[0])
    return tuple(zip(first.tolist(), last.tolist(), strict=True))
