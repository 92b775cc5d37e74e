"""What a ledger knows is not run again, unless something of it has changed or was lost."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipeline import sweep
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.sample import SYMBOLS
from tests.reference.processes import assert_nothing_left
from tests.sweeps.small_sweeps import known, small


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    yield
    assert_nothing_left()


def test_resume_runs_nothing_again_that_is_done(sample: Path, tmp_path: Path):
    first = sweep(small(sample), out=tmp_path, engines=2)
    again = sweep(small(sample), out=tmp_path, engines=1, resume=True)
    assert (again.summary["resumed"], again.summary["passes"]) == (24, 0)
    assert known(again.rows) == known(first.rows)
    wider = small(sample, space={"fast": [3, 4, 50], "slow": [20, 100]})
    more = sweep(wider, out=tmp_path, engines=2, resume=True)
    assert (more.summary["resumed"], more.summary["lanes"]) == (2, 6)
    anew = sweep(small(sample), out=tmp_path, engines=2)
    assert (anew.summary["resumed"], anew.summary["passes"]) == (0, 1)


@pytest.mark.parametrize("damage", ["lost", "changed"])
def test_lanes_whose_returns_the_ledger_has_lost_run_again(
    sample: Path, tmp_path: Path, damage: str
):
    first = sweep(small(sample), out=tmp_path, engines=1)
    (file,) = (tmp_path / "ledger" / "returns").glob("*.parquet")
    if damage == "lost":
        file.unlink()
    else:
        content = bytearray(file.read_bytes())
        content[len(content) // 3] ^= 1
        file.write_bytes(content)
    again = sweep(small(sample), out=tmp_path, engines=1, resume=True)
    assert (again.summary["resumed"], again.summary["passes"]) == (0, 1)
    (note,) = [note for note in again.summary["notes"] if "returns" in note]
    assert note.endswith("has lost or damaged files of returns: 24 sets in them ran again.")
    assert known(again.rows) == known(first.rows)
    once_more = sweep(small(sample), out=tmp_path, engines=1, resume=True)
    assert (once_more.summary["resumed"], once_more.summary["passes"]) == (24, 0)


STRATEGY = """
from pipeline import Strategy

from helper import THRESHOLD

SIZE = 10.0


class Mine(Strategy):
    span: int = 1

    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, SIZE if bar.close - bar.open > THRESHOLD * self.span else 0.0)
"""


def test_what_has_changed_is_never_answered_from_old_rows(sample: Path, tmp_path: Path):
    catalog = Catalog(tmp_path / "catalog")
    symbol = SYMBOLS[0]
    bars = Catalog(sample).load(symbol, "1m")
    catalog.write(symbol, "1m", bars, "test")
    home, helper = tmp_path / "mine.py", tmp_path / "helper.py"
    home.write_text(STRATEGY)
    helper.write_text("THRESHOLD = 0.01\n")

    def resumed(**changes: Any) -> int:
        for name in [one for one in sys.modules if one == "helper" or one.startswith("mine_")]:
            del sys.modules[name]  # as in a process of its own
        settings = small(catalog.path, space={"span": [1, 2]}) | changes
        settings["strategy"] = {"name": f"{home}:Mine", "mode": "interpreted"}
        result: int = sweep(settings, out=tmp_path, engines=1, resume=True).summary["resumed"]
        return result

    assert (resumed(), resumed()) == (0, 2)
    assert resumed(execution={"commission_per_order": 0.5}) == 0
    home.write_text(STRATEGY.replace("10.0", "11.0"))
    assert (resumed(), resumed()) == (0, 2)
    helper.write_text("THRESHOLD = 0.02\n")
    assert (resumed(), resumed()) == (0, 2)
    volume = bars["volume"].to_numpy().copy()
    volume[1000] += 1.0
    place = bars.schema.get_field_index("volume")
    changed = bars.set_column(place, "volume", pa.array(volume))
    Catalog(tmp_path / "other").write(symbol, "1m", changed, "test")
    assert (resumed(), resumed(catalog=str(tmp_path / "other"))) == (2, 0)
