"""The account: unlimited unless a limit is set, with hours written as on a clock."""

from datetime import time

import pytest

from pipeline.config.execution.account import TradingConfig
from pipeline.config.session import SessionConfig
from tests.refusals import refusal


def test_an_account_has_no_limits_unless_they_are_set():
    account = TradingConfig()
    limits = ("leverage", "max_buying_power", "max_per_trade", "max_per_symbol")
    more = ("max_open_positions", "max_order_volume", "allowed_hours")
    assert {getattr(account, name) for name in (*limits, *more)} == {None}
    assert (account.account, account.initial_cash) == ("margin", 100_000.0)


def test_hours_are_read_as_times_of_day(settings_of_a_session):
    settings = settings_of_a_session(trading_config={"allowed_hours": ["09:45", "15:30"]})
    hours = SessionConfig.load(settings).trading_config.allowed_hours
    assert hours == (time(9, 45), time(15, 30))


@pytest.mark.parametrize("hour", ["9:45", "24:00", "09:60"])
def test_an_hour_that_no_clock_shows_is_refused(settings_of_a_session, hour):
    settings = settings_of_a_session(trading_config={"allowed_hours": [hour, "15:30"]})
    assert refusal(settings).endswith("expected a time written as HH:MM, 00:00 to 23:59")
