"""Every number has exactly one word, which the result tables know; an interval has one name."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import codes, states, tif
from pipeline.codes import DAY_NS, MINUTE_NS, SECOND_NS, interval_name, interval_ns
from pipeline.errors import ConfigError
from pipeline.results import table_kinds

#: The tables of words, by the heading that their numbers stand below.
TABLES = {
    "Kinds of orders": codes.ORDER_KINDS,
    "States of orders": codes.ORDER_STATES,
    "Why an order ended, was rejected or was placed": codes.REASONS,
    "How long an order lasts: values of ``until`` other than a time, ns UTC": codes.TIMES_IN_FORCE,
}


def numbers_below(heading: str) -> dict[str, int]:
    """Read from the source which names stand below a heading, and the number of each."""
    text = Path(codes.__file__).read_text(encoding="utf-8")
    section = text.partition(f"# ---- {heading} -")[2].partition("# ----")[0].partition("\n")[2]
    found = {}
    for node in ast.parse(section).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            value = getattr(codes, node.target.id)
            if isinstance(value, int):
                found[node.target.id] = value
    return found


@pytest.mark.parametrize("heading", TABLES)
def test_each_number_has_one_word_and_each_word_one_number(heading):
    numbers, words = numbers_below(heading), TABLES[heading]
    assert len(numbers) > 3
    assert sorted(numbers.values()) == sorted(words)
    assert len(set(numbers.values())) == len(numbers)
    assert len(set(words.values())) == len(words)


@pytest.mark.parametrize("heading", TABLES)
def test_a_word_says_what_its_name_says(heading):
    """Two words that were exchanged would show: name and word agree but where listed here."""
    other = {
        "ON_OPEN": "market_on_open",
        "ON_CLOSE": "market_on_close",
        "NO_REASON": "none",
        "BY_STRATEGY": "cancelled_by_strategy",
        "HOURS": "allowed_hours",
        "BUYING_POWER": "max_buying_power",
        "PER_TRADE": "max_per_trade",
        "PER_SYMBOL": "max_per_symbol",
        "OPEN_POSITIONS": "max_open_positions",
        "ORDER_VOLUME": "max_order_volume",
    }
    for name, number in numbers_below(heading).items():
        assert TABLES[heading][number] == other.get(name, name.lower())


def test_the_result_tables_use_these_words():
    assert dict(enumerate(table_kinds.ORDER_TYPES)) == codes.ORDER_KINDS
    assert dict(enumerate(table_kinds.ORDER_STATES)) == codes.ORDER_STATES
    assert dict(enumerate(table_kinds.REASONS)) == codes.REASONS
    *lasting, until_a_time = table_kinds.TIMES_IN_FORCE
    assert {-place: word for place, word in enumerate(lasting)} == codes.TIMES_IN_FORCE
    assert until_a_time == codes.GOOD_TILL_TIME


def test_columns_of_prices_stand_where_their_numbers_say():
    numbers = (codes.OPEN, codes.HIGH, codes.LOW, codes.CLOSE, codes.VOLUME)
    names = ("open", "high", "low", "close", "volume")
    assert [codes.PRICE_COLUMNS[number] for number in numbers] == list(names)
    assert len(codes.PRICE_COLUMNS) == codes.PRICES == len(numbers)


def test_what_a_strategy_compares_with_are_these_numbers():
    assert {getattr(states, word.upper()): word for word in codes.ORDER_STATES.values()} == (
        codes.ORDER_STATES
    )
    assert {getattr(tif, word.upper()): word for word in codes.TIMES_IN_FORCE.values()} == (
        codes.TIMES_IN_FORCE
    )


@pytest.mark.parametrize(
    ("name", "ns"),
    [
        ("1s", SECOND_NS),
        ("5m", 5 * MINUTE_NS),
        ("4h", 240 * MINUTE_NS),
        ("90m", 90 * MINUTE_NS),
        ("1d", DAY_NS),
    ],
)
def test_an_interval_has_one_length_and_one_name(name, ns):
    assert interval_ns(name) == ns
    assert interval_name(ns) == name


@given(count=st.integers(1, 86_399))
def test_canonical_names_keep_the_length(count):
    assert interval_ns(interval_name(count * SECOND_NS)) == count * SECOND_NS


def test_a_long_way_to_say_an_hour_is_understood():
    assert interval_name(interval_ns("60m")) == "1h"


@pytest.mark.parametrize("name", ["", "m", "0m", "1", "1min", "-1m", "1.5h", "01m", "1M", "1w", 60])
def test_bad_interval_names_are_refused(name):
    with pytest.raises(ConfigError, match="interval must be a whole number"):
        interval_ns(name)


@pytest.mark.parametrize(("name", "why"), [("2d", "at most 1d"), ("24h", "1d"), ("1440m", "1d")])
def test_an_interval_of_a_day_is_one_session(name, why):
    with pytest.raises(ConfigError, match=why):
        interval_ns(name)


@pytest.mark.parametrize("ns", [0, -MINUTE_NS, 1, SECOND_NS + 1, 2 * DAY_NS])
def test_lengths_without_a_name_are_refused(ns):
    with pytest.raises(ConfigError, match="interval must be whole seconds"):
        interval_name(ns)
