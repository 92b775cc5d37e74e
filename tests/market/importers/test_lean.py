"""LEAN's ticks: bars of trades and of quotes, as LEAN's own bars have them."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from pipeline.codes import HIGH, LOW, VOLUME
from pipeline.errors import DataError
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.importers import import_bars
from tests.market.catalogs import read_all

MINUTE = 60_000_000_000
NINE = "2024-01-02T14:00"  # 09:00 in New York
FIRST = int(np.datetime64(NINE, "ns").astype(np.int64))


def lean_zip(folder: Path, place: str, member: str, *lines: str) -> Path:
    """Write a zip of one member at its place in a LEAN tree."""
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, "".join(f"{line}\n" for line in lines))
    return path


def bars(catalog: Path, symbol: str) -> tuple[list[int], list[list[float]]]:
    """The minutes since the first time of day, and the values of the bars."""
    ((ts, values),) = read_all(Catalog(catalog).reader(symbol, "1m"))
    return ((ts - FIRST) // MINUTE).tolist(), np.stack(values, axis=1).tolist()


def test_trades_are_added_up_without_those_that_lean_suspects(tmp_path: Path):
    path = lean_zip(
        *(tmp_path, "equity/usa/tick/spy/20240102_trade.zip", "20240102_spy_Trade_Tick.csv"),
        *("32400000,1000000,10,Q,0,0", "32400500,1020000,20,Q,0,0", "32401000,9990000,1,Q,0,1"),
        *("32459999,1010000,30,P,2000,0", "32520000,1005000,5,P,20002020,0"),
    )
    with pytest.raises(DataError, match="line 1: rows are ticks, not bars; give the interval"):
        import_bars(path, tmp_path / "catalog")
    (result,) = import_bars(path, tmp_path / "catalog", interval="1m")
    assert bars(tmp_path / "catalog", "SPY") == (
        [0, 2],
        [[100.0, 102.0, 100.0, 101.0, 60.0], [100.5, 100.5, 100.5, 100.5, 5.0]],
    )
    assert "Ticks that LEAN calls suspicious, left out: 1." in result.account.notes
    assert result.account.clock.value == "America/New_York"


@pytest.mark.parametrize(
    ("place", "member", "lines"),
    [
        (
            "equity/usa/tick/spy/20240102_quote.zip",
            "20240102_spy_Quote_Tick.csv",
            ["32400000,1000000,3,1010000,4,Q,1,0", "32400001,0,0,1010000,4,Q,1,0"],
        ),
        (
            "crypto/kraken/tick/spy/20240102_quote.zip",
            "20240102_spy_tick_quote.csv",
            ["50400000,100.0,3.5,101.0,4,0", "50400001,0,0,101.0,4,0"],
        ),
        (
            "cfd/oanda/tick/spy/20240102_quote.zip",
            "20240102_spy_tick_quote.csv",
            ["50400000,100.0,101.0", "50400001,0,101.0"],
        ),
    ],
)
def test_quotes_become_bars_of_bids(tmp_path: Path, place: str, member: str, lines: list[str]):
    path = lean_zip(tmp_path, place, member, *lines)
    (result,) = import_bars(path, tmp_path / "catalog", interval="1m")
    assert bars(tmp_path / "catalog", "SPY") == ([0], [[100.0, 100.0, 100.0, 100.0, 0.0]])
    assert "Quotes without a bid, left out: 1." in result.account.notes


def test_ticks_with_other_cells_are_refused(tmp_path: Path):
    path = lean_zip(
        *(tmp_path, "equity/usa/tick/spy/20240102_trade.zip", "20240102_spy_Trade_Tick.csv"),
        "32400000,1000000,10",
    )
    with pytest.raises(DataError, match="LEAN's trade ticks have 4 or 6 cells a line, found 3"):
        import_bars(path, tmp_path / "catalog", interval="1m")


def test_bars_of_ticks_have_the_minutes_and_volumes_of_leans_bars(
    shared_data: Path, tmp_path: Path
):
    """LEAN's bars leave odd lots and corrections out of their prices, but not of their volume."""
    folder = shared_data / "raw/lean/Data/equity/usa"
    import_bars(folder / "tick/ibm/20131007_trade.zip", tmp_path / "ticks", interval="1m")
    import_bars(folder / "minute/ibm/20131007_trade.zip", tmp_path / "bars")
    ((ts, ours),) = read_all(Catalog(tmp_path / "ticks").reader("IBM", "1m"))
    ((expected, theirs),) = read_all(Catalog(tmp_path / "bars").reader("IBM", "1m"))
    assert ts.tolist() == expected.tolist()
    assert (ours[VOLUME] == theirs[VOLUME]).mean() > 0.98
    assert (ours[HIGH] >= theirs[HIGH]).all()
    assert (ours[LOW] <= theirs[LOW]).all()
