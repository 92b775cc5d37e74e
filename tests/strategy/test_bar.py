"""What a bar is declared to have is what hooks are given."""

from pipeline import Bar, Bars
from pipeline.lane.spec import bars_dtype
from pipeline.strategy.bar import BAR_FIELDS


def declared(protocol: type) -> tuple[str, ...]:
    return tuple(name for name, member in vars(protocol).items() if isinstance(member, property))


def test_a_bar_declares_the_fields_that_an_indicator_cannot_take():
    assert declared(Bar) == BAR_FIELDS


def test_bars_declare_the_fields_of_their_record():
    assert declared(Bars) == bars_dtype((), 2).names
