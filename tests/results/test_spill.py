"""The raw part file of an engine: order by lane, and what a torn one still gives."""

import numpy as np
import pytest

from pipeline.results.spill import HEADER_BYTES, SpillReader, SpillWriter

EQUITY = 2


def equity(start, rows):
    ts = np.arange(start, start + rows, dtype=np.int64)
    return [ts, ts * 0.5, -1.0 * ts]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "parts" / "a.part"
    writer = SpillWriter(path)
    for start in range(0, 50, 10):
        for lane in (4, 1):
            writer.append(EQUITY, lane, equity(start + lane * 1000, 10))
    writer.close()
    writer.close()
    return path


def read(reader, lane):
    return [np.concatenate(column) for column in zip(*reader.chunks(EQUITY, lane), strict=True)]


def test_each_lane_comes_back_whole_and_in_order(path):
    with SpillReader(path) as reader:
        assert reader.complete
        assert reader.lanes(EQUITY) == [1, 4]
        assert reader.lanes(0) == []
        assert list(reader.chunks(0, 1)) == []
        for lane in (1, 4):
            for got, expected in zip(read(reader, lane), equity(lane * 1000, 50), strict=True):
                assert got.dtype == expected.dtype
                assert np.array_equal(got, expected)


@pytest.mark.parametrize("lost", [1, HEADER_BYTES, HEADER_BYTES + 1, HEADER_BYTES + 240])
def test_a_torn_file_gives_its_whole_chunks(path, lost):
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - lost])
    with SpillReader(path) as reader:
        assert not reader.complete
        whole = 50 if lost <= HEADER_BYTES else 40
        assert len(read(reader, 1)[0]) == whole
        assert len(read(reader, 4)[0]) == 50


def test_garbage_is_not_read_as_chunks(path):
    path.write_bytes(b"\x00" * 1000)
    with SpillReader(path) as reader:
        assert not reader.complete
        assert reader.lanes(EQUITY) == []


def test_an_aborted_file_is_readable_but_not_complete(tmp_path):
    writer = SpillWriter(tmp_path / "a.part")
    writer.append(EQUITY, 0, equity(0, 5))
    writer.abort()
    writer.abort()
    with SpillReader(writer.path) as reader:
        assert not reader.complete
        assert len(read(reader, 0)[0]) == 5
