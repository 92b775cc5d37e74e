"""The account's description holds: with the record, with a lane's terms and with what it tells."""

import dataclasses

import pytest

from pipeline.execution.account import ACCOUNT
from pipeline.execution.fields import (
    FIELDS,
    FIGURE_FIELDS,
    INSTRUMENT_TERMS,
    REALS_BY_SYMBOL,
    TERMS,
    TOLD,
    TOUCHED,
    WHOLES_BY_SYMBOL,
)
from pipeline.lane.facts import LaneFacts
from pipeline.lane.spec import Instrument, Terms

#: What of the terms is an array, or needs a calculation, and so is not copied as it is.
NOT_COPIED = {
    *("instruments", "hours", "zone", "actions", "tiers", "maker_points", "own_commission"),
}
#: What of the facts does not stand in the account: `orders` is told as `next_order`.
NOT_OF_THE_ACCOUNT = {
    *("lane", "orders", "record", "bars", "seconds"),
    *("sessions", "session_dates", "session_equity"),
    *("first_called", "never_ready", "never_called", "positions"),
}


def names_of(cls: type) -> set[str]:
    return {field.name for field in dataclasses.fields(cls)}


def test_the_record_has_each_field_once_in_the_order_of_the_description():
    assert ACCOUNT.names == tuple(field.name for field in FIELDS)
    assert [ACCOUNT[field.name].str for field in FIELDS] == [f"<{field.cell}" for field in FIELDS]
    assert ACCOUNT.itemsize == 8 * len(FIELDS)


def test_a_cell_holds_a_float_only_where_it_is_no_address():
    floats = {field.name for field in FIELDS if field.cell == "f8"}
    assert floats.isdisjoint((*REALS_BY_SYMBOL, *WHOLES_BY_SYMBOL))
    assert floats.isdisjoint(field.name for field in FIELDS if field.kind == "address")


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_a_field_is_described_in_one_sentence(field):
    assert field.meaning.endswith(".")
    assert field.meaning[0].isupper() or field.meaning[0].isdigit()


def test_every_term_of_a_lane_is_copied_or_known_not_to_be():
    computed = {"limited", "delayed"}
    assert set(TERMS) - computed == names_of(Terms) - NOT_COPIED
    for name in computed:
        assert isinstance(getattr(Terms, name), property)


def test_every_term_of_an_instrument_is_copied():
    assert set(INSTRUMENT_TERMS) == names_of(Instrument)


def test_what_is_told_has_an_attribute_of_its_type():
    told = LaneFacts.__annotations__
    assert told.keys() - NOT_OF_THE_ACCOUNT == set(TOLD) - {"next_order"}
    for field in FIELDS:
        if field.name in told:
            assert told[field.name] is (float if field.kind == "f8" else int), field.name


def test_figures_have_names_of_their_own():
    assert len({field.figure for field in FIGURE_FIELDS}) == len(FIGURE_FIELDS)
    assert {field.figure for field in FIELDS if field.touched} == set(TOUCHED)
    assert all(field.kind == "i8" for field in FIGURE_FIELDS if field.touched)


def test_the_counts_of_the_outbox_lie_two_apart():
    """`LaneAccount.counts` reads them with one slice."""
    names = ("fills_out_count", "orders_out_count", "trips_out_count")
    first, second, third = (ACCOUNT.names.index(name) for name in names)
    assert (second - first, third - second) == (2, 2)
