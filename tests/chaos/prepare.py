"""Makes what all rounds of the chaos run copy, and finds the right results.

prepared/  catalog/       the market that is replayed
           before/  csv/  a catalog, and files to import into it
           half-*/        ledgers with half of a sweep's sets
           cache/         compiled code
           strategies.py  clock.so  right.json
"""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from pipeline import run, sweep
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.merge import Series
from pipeline.market.catalog.sample import write_sample
from pipeline.native.code_cache import kernels_directory, source_hash
from tests.chaos import clock
from tests.chaos.place import command_of_import, contents_of, lanes_of, settings_of
from tests.chaos.plan import MARKETS
from tests.reference.own_process import environment, python

_HALF = {"fast": [3, 4], "slow": [9, 20]}
#: The bars before this moment are in the catalog `before`; those up to the end are imported.
_CUT, _END = 1_729_776_600_000_000_000, 1_729_900_000_000_000_000  # 24 and 26 October 2024
_IMPORTED = ("ALFA", "BRVO", "CHRL")


def prepare(folder: Path) -> None:
    """Make what all rounds copy: market, files to import, ledgers, and the compiled code."""
    write_sample(Catalog(folder / "catalog"))
    shutil.copy(Path(__file__).with_name("strategies.py"), folder / "strategies.py")
    _write_import(folder)
    clock.build(folder / "clock.so")
    if kernels_directory().is_dir():  # compiled by runs before
        shutil.copytree(kernels_directory(), folder / "cache" / source_hash() / "kernels")
    variables = environment(RINGTAPE_CACHE_DIR=str(folder / "cache"))
    done = python("-m", "tests.chaos.prepare", cwd=folder, env=variables, check=False)
    shutil.copytree(folder / "before", folder / "target")
    command = ["-m", "pipeline.cli", *command_of_import()]
    imported = python(*command, cwd=folder, env=variables, check=False)
    if done.returncode or imported.returncode:
        raise RuntimeError(f"nothing could be prepared: {done.stderr}{imported.stderr}")
    right = json.loads(done.stdout) | {"import": contents_of(folder / "target")}
    right["import before"] = contents_of(folder / "before")
    (folder / "right.json").write_text(json.dumps(right))
    for name in ("runs", "target"):
        shutil.rmtree(folder / name)


def right_results() -> dict[str, Any]:
    """Run and sweep each market in the working directory; the digests."""
    right: dict[str, Any] = {}
    for market in MARKETS:
        settings = settings_of(market, "interpreted", {})
        found = {run(settings).digest, run(settings_of(market, "compiled", {})).digest}
        (right[f"run {market}"],) = found
        settings["strategy"]["mode"] = "compiled"
        sweep(settings, ledger=f"whole-{market}")
        right[f"sweep {market}"] = lanes_of(Path(f"whole-{market}"))
        sweep(settings | {"sweep": {"space": _HALF, "best": 1}}, ledger=f"half-{market}")
    return right


def _write_import(folder: Path) -> None:
    """Write files to import, and the catalog that has the bars before them of all but one."""
    (folder / "csv").mkdir()
    there = Catalog(folder / "catalog")
    before = []
    for symbol in _IMPORTED:
        table = there.load(symbol, "1m")
        ts = table["ts"].cast(pa.int64())
        later = pc.and_(pc.greater_equal(ts, _CUT), pc.less(ts, _END))
        pacsv.write_csv(table.filter(later), os.fspath(folder / "csv" / f"{symbol}.csv"))
        if symbol != _IMPORTED[-1]:
            before.append(Series(symbol, "1m", table.filter(pc.less(ts, _CUT)), "earlier"))
    Catalog(folder / "before").write_all(before)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(right_results()))
