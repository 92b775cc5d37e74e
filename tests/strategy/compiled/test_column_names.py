import pytest

from pipeline.strategy.compiled.column_names import (
    column_key,
    name_table,
    symbol_key,
    symbol_table,
)


def test_names_are_known_by_keys_that_differ():
    table = name_table({"close": (-1, 3), "avg": (1, 5)})
    assert table.tolist() == [[column_key("close"), -1, 3], [column_key("avg"), 1, 5]]


def test_names_whose_keys_collide_are_refused():
    assert column_key("plumless") == column_key("buckeroo")
    with pytest.raises(ValueError, match="plumless, buckeroo"):
        name_table({"plumless": (0, 5), "buckeroo": (0, 6)})


def test_symbols_are_known_by_keys_that_differ():
    names = ["ALFA", "BRVO", "a", "", "Ä-1", "EUR/USD"]
    assert symbol_table(names).tolist() == [symbol_key(name) for name in names]
    assert symbol_key("a") == 0xAF63DC4C8601EC8C - 2**64  # as FNV-1a is published
    with pytest.raises(ValueError, match="collide as keys: A, B, A"):
        symbol_table(["A", "B", "A"])
