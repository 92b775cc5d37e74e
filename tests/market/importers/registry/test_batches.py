"""The batches of an importer are held to the contract, and become rows like those of any file."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipeline.errors import DataError
from pipeline.market.catalog.account import UNKNOWN, Fact
from pipeline.market.importers.joining import make_parts
from pipeline.market.importers.options import Options
from pipeline.market.importers.reading import Reading
from pipeline.market.importers.registry import Conventions
from pipeline.market.importers.registry.batches import Use
from pipeline.market.importers.rows import Spool
from pipeline.market.importers.source import find_sources
from tests.market.importers.registry.declared import COLUMNS, Plain

WALL = pa.array([0, 60, 120], pa.timestamp("ms"))


@pytest.fixture
def spool():
    with Spool() as spool:
        yield spool


def read(folder: Path, spool: Spool, importer: Any, **options: Any) -> list[Reading]:
    path = folder / "MSFT.plain"
    path.write_bytes(b"plain")
    (source,) = find_sources(path)
    use = Use(importer, source, "'plain' of one 0.1", "importer")
    return use.read(Options(**options), spool)


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        (
            {"open": None},
            "yields no column 'open'; expected ts, open, high, low, close, volume; of",
        ),
        ({"price": [1.0] * 3}, "yields no column 'size'; expected"),
        ({"vwap": [1.0] * 3}, "yields a column 'vwap' too many; expected ts, open"),
        ({"ts": [0, 1, 2]}, "yields ts as int64, expected a timestamp or date32"),
        ({"ts": WALL}, "yields times without a zone, and its clock says that it has instants"),
        ({"close": ["1", "2", "3"]}, "yields close as string, expected numbers"),
        ({"symbol": [1, 2, 3]}, "yields symbol as int64, expected text"),
    ],
)
def test_other_columns_than_those_of_the_contract_are_told(tmp_path, spool, columns, why):
    given = {name: column for name, column in (COLUMNS | columns).items() if column is not None}
    with pytest.raises(DataError, match=rf"MSFT\.plain: the importer 'plain' of one 0\.1 {why}"):
        read(tmp_path, spool, Plain(columns=given))


@pytest.mark.parametrize(
    ("batches", "why"),
    [
        ([1], "yields a int, expected record batches"),
        ([], "there are no rows"),
        (None, "read of the importer 'plain' of one 0.1 failed: TypeError: .*not iterable"),
    ],
)
def test_what_is_no_batch_is_told(tmp_path, spool, batches, why):
    with pytest.raises(DataError, match=why):
        read(tmp_path, spool, Plain(read=lambda path, options: batches))


def test_batches_of_several_schemas_are_told(tmp_path, spool):
    def some(path, options):
        yield pa.RecordBatch.from_pydict(COLUMNS)
        yield pa.RecordBatch.from_pydict(COLUMNS | {"volume": [1.0, 2.0, 3.0]})

    with pytest.raises(DataError, match="yields batches of several schemas, expected one"):
        read(tmp_path, spool, Plain(read=some))


def test_a_failure_of_its_code_is_told_with_its_name(tmp_path, spool):
    def fails(path, options):
        yield pa.RecordBatch.from_pydict(COLUMNS)
        raise KeyError("volume")

    with pytest.raises(DataError, match=r"read of the importer .* failed: KeyError: volume"):
        read(tmp_path, spool, Plain(read=fails))


def test_the_iterator_is_closed_when_its_rows_cannot_be_taken(tmp_path, spool):
    closed = []

    def some(path, options):
        try:
            yield pa.RecordBatch.from_pydict(COLUMNS)
            yield 1
        finally:
            closed.append(path)

    with pytest.raises(DataError, match="yields a int"):
        read(tmp_path, spool, Plain(read=some))
    assert closed == [tmp_path / "MSFT.plain"]


@pytest.mark.parametrize(
    ("clock", "ts", "fact"),
    [
        ("instants", COLUMNS["ts"], Fact("UTC", "importer")),
        ("Asia/Tokyo", WALL, Fact("Asia/Tokyo", "importer", "--tz")),
        (UNKNOWN, WALL, None),
    ],
)
def test_the_clock_is_that_of_the_conventions(tmp_path, spool, clock, ts, fact):
    conventions = Conventions(clock, UNKNOWN, UNKNOWN, None)
    importer = Plain(conventions=conventions, columns=COLUMNS | {"ts": ts})
    (reading,) = read(tmp_path, spool, importer)
    assert (reading.symbol, reading.said.clock, reading.said.stamped) == ("MSFT", fact, None)


def test_trades_quotes_and_dates_are_taken_too(tmp_path, spool):
    ticks = {"ts": COLUMNS["ts"], "price": [1.0, 2.0, 3.0], "size": [1, 2, 3]}
    (reading,) = read(tmp_path, spool, Plain(columns=ticks))
    assert (reading.ticks, reading.said.quote) == (True, False)
    quotes = {"ts": COLUMNS["ts"], "bid": [1.0, 2.0, 3.0], "ask": [2.0, 3.0, 4.0]}
    (reading,) = read(tmp_path, spool, Plain(columns=quotes))
    assert (reading.ticks, reading.said.quote) == (True, True)
    days = Plain(columns=COLUMNS | {"ts": pa.array([0, 1, 4], pa.date32())})
    (part,) = make_parts(read(tmp_path, spool, days), Options(), spool)
    assert (part.facts.interval.value, part.rows) == ("1d", 3)


def test_symbols_and_intervals_may_be_dictionaries(tmp_path, spool):
    names = pa.array(["B", "A", "B"]).dictionary_encode()
    importer = Plain(columns=COLUMNS | {"symbol": names, "interval": ["1m", "1m", "1m"]})
    readings = read(tmp_path, spool, importer)
    assert [one.symbol for one in readings] == ["B", "A"]
    assert {one.said.interval for one in readings} == {Fact("1m", "file")}


def test_a_missing_value_is_a_bad_row(tmp_path, spool):
    (reading,) = read(tmp_path, spool, Plain(columns=COLUMNS | {"high": [1.0, None, 3.0]}))
    with pytest.raises(DataError, match=r"MSFT\.plain, row 1: high is empty; --bad-rows drop"):
        make_parts([reading], Options(), spool)
