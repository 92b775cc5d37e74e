"""Every number has exactly one word, and the result tables know them all by it."""

import ast
from pathlib import Path

import pytest

from pipeline import codes, states, tif
from pipeline.results import table_kinds

#: The tables of words, by the heading that their numbers stand below.
TABLES = {
    "Kinds of orders": codes.ORDER_KINDS,
    "States of orders": codes.ORDER_STATES,
    "Why an order ended, was rejected or was placed": codes.REASONS,
    "How long an order lasts: values of `until` other than a time, ns UTC": codes.TIMES_IN_FORCE,
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
