"""A script that is itself run: its enums and classes are in engines what they are in the script."""

import json
from pathlib import Path

import pytest

from pipeline.market.catalog.sample import FIRST_DATE, SYMBOLS
from tests.reference.own_process import python
from tests.reference.processes import settings_of

SCRIPT = """
from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from enum import Enum, IntEnum, StrEnum
from typing import NamedTuple

from pipeline import Strategy, Symbol, indicators as ind, run, state, sweep


class Lot(IntEnum):
    SMALL = 1
    BIG = 5


class Side(Enum):
    LONG = 1.0
    SHORT = -1.0


class Which(StrEnum):
    LEADER = "ALFA"


class Pair(NamedTuple):
    one: float
    other: float = 2.0


@dataclass(frozen=True)
class Level:
    rate: float = 0.5


LEVEL, PAIR = Level(), Pair(1.0)


def is_big(lot):
    return lot is Lot.BIG


def spread(window, params):
    return window.max() - window.min() + Lot.SMALL


class Mine(Strategy):
    lot: int = Lot.BIG
    leader: Symbol = Which.LEADER
    calls: int = state(Lot.SMALL)
    held = Lot.BIG
    lookback = Lot.BIG
    warmup = property(lambda self: Lot.BIG + 1)

    def indicators(self):
        return {"mean": ind.sma(Lot.BIG), "own": ind.window(spread, Lot.BIG)}

    def on_bar(self, bar, ctx):
        self.calls += Lot.SMALL
        side = Side.LONG if bar.close > bar.mean else Side.SHORT
        rows = len(ctx.window(bar.symbol, "close", Lot.BIG))
        size = self.lot + rows + LEVEL.rate + PAIR.other + bar.own
        if is_big(self.held) and Lot.BIG is self.held and bar.symbol == self.leader:
            size *= 2.0
        ctx.target(bar.symbol, side.value * size + self.calls)


if __name__ == "__main__":
    config = json.load(open("config.json"))
    lanes = [Mine, Mine(lot=Lot.SMALL)]
    for given in ({}, {"mode": "interpreted"}, {"inline": True}):
        print(run(config, strategy=lanes, **given).digest)
    if "sweep" in config:
        done = sweep(config, strategy=Mine)
        print(sorted(row.parameters["lot"] for row in done.rows))
"""


@pytest.fixture
def folder(sample: Path, tmp_path: Path) -> Path:
    settings = settings_of("US_EQUITY", FIRST_DATE, FIRST_DATE, SYMBOLS[:2], ["1m"], sample)
    settings["pipeline"] = {"engines": 2}
    (tmp_path / "config.json").write_text(json.dumps(settings))
    return tmp_path


def digests(folder: Path, source: str, *command: str) -> list[str]:
    """Run a script, as a file or as what is typed, and return what it prints."""
    (folder / "script.py").write_text(source)
    done = python(*command, check=False, cwd=folder, input=source)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_all_modes_give_one_result_also_after_an_edit_and_without_a_file(folder: Path):
    """The compiled code of the first run is on disk when the edited script runs."""
    first = digests(folder, SCRIPT, "script.py")
    edited = digests(folder, SCRIPT.replace("BIG = 5", "BIG = 7"), "script.py")
    typed = digests(folder, SCRIPT, "-")
    assert len(first) == len(edited) == 3
    assert len(set(first)) == len(set(edited)) == 1
    assert first == typed
    assert first != edited


SWEEP = """open("config.json"))
    config["sweep"] = {"space": {"lot": [Lot.SMALL, Lot.BIG]}}"""


def test_a_sweep_takes_members_for_values(folder: Path):
    source = SCRIPT.replace('open("config.json"))', SWEEP)
    source = source.replace("for given in", "for given in () and")
    assert digests(folder, source, "script.py") == ["[1, 5]"]
