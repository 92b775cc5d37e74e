"""Instruments: without ticks, lots and a multiplier unless they are set."""

from pipeline.config.execution.instruments import InstrumentConfig
from tests.refusals import refusal


def test_an_instrument_trades_at_any_price_and_size_unless_it_says_so():
    instrument = InstrumentConfig()
    assert (instrument.tick_size, instrument.lot_size, instrument.multiplier) == (0.0, 0.0, 1.0)
    assert (instrument.currency, instrument.base) == (None, None)


def test_a_funding_hour_is_named_once(settings_of_a_session):
    settings = settings_of_a_session(instruments={"AAA": {"funding_hours": [8, 8]}})
    assert refusal(settings).endswith("funding_hours is [8, 8], expected each hour once")
