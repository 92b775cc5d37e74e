"""What happens when memory or disk are too small: who says so, and what is left."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline import run
from pipeline.errors import ConfigError, RunError
from pipeline.market.catalog.sample import FIRST_DATE, LAST_DATE, SYMBOLS
from tests.reference.processes import assert_nothing_left, partial_folder, settings_of
from tests.reference.traders import Crosser, Tinkerer
from tests.small_disk import small_file_system

LANES = [Tinkerer(), Crosser()]


@pytest.fixture
def config(sample: Path) -> dict[str, Any]:
    settings = settings_of("US_EQUITY", FIRST_DATE, LAST_DATE, SYMBOLS, ["1m", "5m"], sample)
    settings["pipeline"] = {}
    return settings


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    yield
    assert_nothing_left()


def test_slots_that_do_not_fit_the_shared_memory_are_refused_with_both_sizes(
    config, tmp_path: Path
):
    config["pipeline"] |= {"slots": 1024, "slot_rows": 10_000_000}
    with pytest.raises(ConfigError, match=r"needs [\d,.]+ MiB .* there are [\d,.]+ MiB"):
        run(config, strategy=LANES, out=tmp_path / "runs")
    assert list(tmp_path.iterdir()) == []


LIMITED = """
import resource
import signal
from pipeline import Strategy


class Limited(Strategy):
    \"\"\"Lets its process write no file longer than 20 kB.\"\"\"

    def on_start(self, ctx):
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    def on_bar(self, bar, ctx):
        ctx.market(bar.symbol, 1.0)
"""


def test_results_that_cannot_be_written_end_the_run_naming_the_file(config, tmp_path: Path):
    source = tmp_path / "limited.py"
    source.write_text(LIMITED)
    config["strategy"] = {"name": f"{source}:Limited", "mode": "interpreted"}
    config["pipeline"] = {}
    with pytest.raises(RunError, match=r"cannot write .*\.parquet: .*File too large"):
        run(config, out=tmp_path / "runs")
    partial_folder(tmp_path / "runs")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB; needs to be root, and to be let mount."""
    with small_file_system(tmp_path / "disk", "256k") as folder:
        yield folder


@pytest.mark.parametrize("lanes", [1, 3])
def test_a_disk_that_gets_full_while_results_are_written_ends_the_run(
    config, small_disk: Path, lanes: int
):
    config["backtest_config"]["end_date"] = "2024-10-31"
    config["pipeline"] = {"engines": 2}
    modes = [f"strategy.{lane}.mode=interpreted" for lane in range(lanes)]
    with pytest.raises(RunError, match=r"cannot write .*the disk is full"):
        run(config, strategy=[Tinkerer(eager=True)] * lanes, overrides=modes, out=small_disk)
    (folder,) = small_disk.iterdir()
    assert (folder / "PARTIAL").is_file()


def test_a_folder_for_results_that_cannot_be_made_is_refused(config, tmp_path: Path):
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(RunError, match="cannot write"):
        run(config, strategy=LANES, out=tmp_path / "runs")
