"""Sweeps of which something dies: what is lost, what is not, and what is said."""

import contextlib
import errno
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline import SweepProgress, sweep
from pipeline.errors import DataError, RunError
from pipeline.market.catalog.sample import SYMBOLS
from pipeline.sweeps.ledger.ledger import LaneRow, Ledger
from tests.reference.own_process import environment
from tests.reference.processes import assert_nothing_left, members, names_of, settings_of
from tests.sweeps.poisons import ABORTS, HANGS, LEAVES, RAISES, WELL


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    yield
    assert_nothing_left()


def poisoned(sample: Path, name: str, kinds: list[int], **section: Any) -> dict[str, Any]:
    settings = settings_of("US_EQUITY", "2024-11-25", "2024-12-02", SYMBOLS[:1], ["1m"], sample)
    mode = "compiled" if name == "CompiledPoison" else "interpreted"
    settings["strategy"] = {"name": f"tests.sweeps.poisons:{name}", "mode": mode}
    settings["sweep"] = {
        "space": {"span": {"from": 2, "to": 9}, "kind": kinds},
        "constraints": ["kind == 0 or span == 5"],
        "score": "total_return",
        "best": 0,
        **section,
    }
    return settings


def done(rows: list[LaneRow]) -> list[tuple]:
    return [(row.key, row.parameters, row.digest, row.statistics) for row in rows if not row.error]


def test_an_engine_that_ends_badly_after_its_sets_were_done_has_done_them(
    sample: Path, tmp_path: Path
):
    settings = poisoned(sample, "StreamCloser", [WELL], constraints=[], space={"span": [2, 3]})
    found = sweep(settings, out=tmp_path)
    assert (found.summary["done"], found.summary["passes"]) == (2, 1)


# --- sets that end badly -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("Poisoned", [WELL, RAISES, ABORTS, HANGS, LEAVES]),
        ("CompiledPoison", [WELL, RAISES, HANGS]),
    ],
)
def test_poisoned_sets_are_set_aside_and_all_others_complete(
    sample: Path, tmp_path: Path, name: str, kinds: list[int]
):
    sound = sweep(poisoned(sample, name, [WELL]), out=tmp_path, engines=2)
    settings = poisoned(sample, name, kinds, lane_seconds=1.5)
    result = sweep(settings, out=tmp_path, engines=2)
    assert done(result.rows) == done(sound.rows)
    assert result.summary["failed"] == len(kinds) - 1
    errors = {row.parameters["kind"]: row.error for row in result.rows if row.state == "failed"}
    assert "poisons.py:" in errors[RAISES]
    assert f"{name}.on_bar raised ValueError: bad luck (for {SYMBOLS[0]} at" in errors[RAISES]
    assert errors[HANGS] == "set aside: its engine ended twice: did not come back within 1.5 s"
    if ABORTS in errors:
        assert "set aside: its engine ended twice: engine" in errors[ABORTS]
        assert "was ended by SIGABRT" in errors[ABORTS]
        assert "ended with exit code 0; it reported no error" in errors[LEAVES]


def test_a_poisoned_set_among_lanes_that_are_compared_is_set_aside(sample: Path, tmp_path: Path):
    pruning = {"keep": 0.5, "rungs": 1}
    sound = sweep(poisoned(sample, "Poisoned", [WELL], pruning=pruning), out=tmp_path, engines=2)
    settings = poisoned(sample, "Poisoned", [WELL, ABORTS], pruning=pruning)
    result = sweep(settings, out=tmp_path, engines=2)
    assert result.summary["failed"] == 1
    settings = poisoned(sample, "Poisoned", [WELL, LEAVES], pruning=pruning)
    settings["pipeline"] = {"slots": 1, "slot_rows": 50}  # nobody gets past what it did not read
    assert sweep(settings, out=tmp_path, engines=2).summary["failed"] == 1
    survivors = [[row.parameters for row in one.rows if row.digest] for one in (sound, result)]
    assert survivors[0] == [{**one, "kind": WELL} for one in survivors[1]]


def test_a_lane_that_takes_too_long_in_all_is_set_aside(sample: Path, tmp_path: Path):
    settings = poisoned(sample, "Poisoned", [WELL], lane_seconds=1e-4)
    settings["pipeline"] = {"slot_rows": 100}
    result = sweep(settings, out=tmp_path, engines=2)
    assert {row.state for row in result.rows} == {"failed"}
    assert result.best is None
    for row in result.rows:
        assert "more than the 0.0001 allowed" in row.error or "did not come back" in row.error


@pytest.mark.parametrize(("spans", "ended"), [([0, 2], 0), ([2, 3, 0], 2)])
def test_a_set_that_cannot_be_is_named_and_resuming_is_advised_where_lanes_have_ended(
    sample: Path, tmp_path: Path, spans: list[int], ended: int
):
    settings = poisoned(sample, "Poisoned", [WELL], lanes_per_pass=2)
    settings["strategy"] = {"name": "tests.reference.traders:Crosser"}
    settings["sweep"] |= {"space": {"fast": spans}, "constraints": []}
    with pytest.raises(DataError) as caught:
        sweep(settings, out=tmp_path, engines=1)
    assert re.search(
        r"traders\.py:\d+: Crosser\.indicators with fast=0,.*: sma: period must be .* was 0$",
        str(caught.value),
    )
    told = getattr(caught.value, "__notes__", [])
    home = tmp_path / "ledger"
    way = "once that is mended, go on with --resume"
    assert told == ([f"{ended} lanes that have ended: see {home}; {way}"] if ended else [])


# --- processes that are killed -------------------------------------------------------------------

BARS = 11_300  # of one of the symbols: what a lane sees is about twice that
LANES, PER_PASS = 240, 60
SUICIDE = """
import json, os, signal, sys
from pipeline import sweep

def watch(progress):
    if progress.evaluations >= int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

sweep(json.loads(sys.argv[1]), out=sys.argv[2], engines=2, progress=watch)
"""


def many(sample: Path) -> dict[str, Any]:
    """240 lanes in four passes."""
    settings = settings_of("US_EQUITY", "2024-10-22", "2024-12-02", SYMBOLS[:2], ["1m"], sample)
    settings["strategy"] = {"name": "pipeline.strategy.examples:SmaCross"}
    # Small slots, so that it takes long enough to be struck amid its work.
    settings["pipeline"] = {"processors": 2, "slot_rows": 30}
    settings["sweep"] = {
        "space": {"fast": {"from": 3, "to": 14}, "slow": {"from": 30, "to": 68, "step": 2}},
        "lanes_per_pass": PER_PASS,
        "score": "total_return",
        "best": 0,
    }
    return settings


class Blow:
    """A progress callback that kills a member, once, when so many evaluations are made."""

    def __init__(self, role: str, evaluations: int) -> None:
        self._role, self._evaluations = role, evaluations
        self.struck = False
        #: Whether most of the pass was still to be done.
        self.amid = False

    def __call__(self, progress: SweepProgress) -> None:
        there = members()
        if not self.struck and progress.evaluations >= self._evaluations and self._role in there:
            os.kill(there[self._role], signal.SIGKILL)
            self.struck = True
            self.amid = progress.evaluations % (2 * BARS * PER_PASS) < BARS * PER_PASS


@pytest.fixture(scope="module")
def undisturbed(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple]:
    result = sweep(many(sample), out=tmp_path_factory.mktemp("undisturbed"), engines=2)
    assert result.summary["done"] == LANES
    return done(result.rows)


def moments(seed: str, count: int) -> list[int]:
    """Random numbers of evaluations within the sweep, the same in each run of a test."""
    chance = random.Random(seed)
    return [chance.randrange(int(0.9 * 2 * BARS * LANES)) for _ in range(count)]


@pytest.mark.parametrize("moment", moments("engine", 2))
def test_a_sweep_goes_on_without_an_engine_and_its_lanes_run_again(
    sample: Path, tmp_path: Path, undisturbed: list[tuple], moment: int
):
    blow = Blow("engine 1", moment)
    result = sweep(many(sample), out=tmp_path, engines=2, progress=blow)
    assert done(result.rows) == undisturbed
    # As many as without, if the blow came when the engine had done its part.
    assert result.summary["passes"] >= 4 + (blow.struck and blow.amid)


@pytest.mark.parametrize("role", ["coordinator", "processor 1"])
@pytest.mark.parametrize("moment", moments("others", 1))
def test_what_was_done_before_another_member_died_is_kept(
    sample: Path, tmp_path: Path, undisturbed: list[tuple], role: str, moment: int
):
    caught: RunError | None = None
    try:
        sweep(many(sample), out=tmp_path, engines=2, progress=Blow(role, moment))
    except RunError as error:
        caught = error
    kept = LANES  # the blow may come when the member has done its part
    if caught is not None:
        assert re.match(rf"{role} \(pid \d+\) was ended by SIGKILL", str(caught))
        with Ledger.open(tmp_path / "ledger") as ledger:
            assert [row.state for row in ledger.sweeps()] == ["partial"]
            kept = len(ledger.lanes())
        told = "".join(getattr(caught, "__notes__", ()))
        assert ("go on with --resume" in told) == (kept > 0)
    result = sweep(many(sample), out=tmp_path, engines=2, resume=True)
    assert result.summary["resumed"] == kept
    assert done(result.rows) == undisturbed


@pytest.mark.parametrize("moment", moments("supervisor", 2))
def test_a_killed_supervisor_loses_no_pass_that_was_over(
    sample: Path, tmp_path: Path, undisturbed: list[tuple], moment: int
):
    process = subprocess.Popen(
        [sys.executable, "-c", SUICIDE, json.dumps(many(sample)), str(tmp_path), str(moment)],
        env=environment(),
    )
    assert process.wait() in (0, -signal.SIGKILL)
    result = sweep(many(sample), out=tmp_path, engines=2, resume=True)
    assert result.summary["resumed"] % PER_PASS == 0
    assert done(result.rows) == undisturbed
    assert names_of(process.pid) == []


def compared(sample: Path) -> dict[str, Any]:
    """240 lanes of which a quarter is left, in one pass."""
    settings = many(sample)
    del settings["sweep"]["lanes_per_pass"]
    settings["sweep"]["pruning"] = {"keep": 0.5, "rungs": 2}
    return settings


def told(rows: list[LaneRow]) -> list[tuple]:
    return [(row.state, row.error, *done([row])) for row in rows]


@pytest.fixture(scope="module")
def undisturbed_halving(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple]:
    result = sweep(compared(sample), out=tmp_path_factory.mktemp("halving"), engines=2)
    assert (result.summary["done"], result.summary["pruned"]) == (LANES // 4, LANES * 3 // 4)
    return told(result.rows)


@pytest.mark.parametrize("moment", moments("halving", 1))
def test_survivors_are_the_same_when_an_engine_is_killed_on_the_way(
    sample: Path, tmp_path: Path, undisturbed_halving: list[tuple], moment: int
):
    blow = Blow("engine 0", moment // 2)
    result = sweep(compared(sample), out=tmp_path, engines=4, progress=blow)
    assert told(result.rows) == undisturbed_halving
    if blow.struck:
        assert result.summary["passes"] >= 2


@pytest.mark.parametrize("role", ["coordinator", "supervisor"])
def test_survivors_are_the_same_when_a_sweep_that_was_killed_is_resumed(
    sample: Path, tmp_path: Path, undisturbed_halving: list[tuple], role: str
):
    (moment,) = moments(f"halving {role}", 1)
    if role == "supervisor":
        arguments = json.dumps(compared(sample)), str(tmp_path), str(moment // 2)
        process = subprocess.Popen(
            [sys.executable, "-c", SUICIDE, *arguments],
            env=environment(),
        )
        assert process.wait() in (0, -signal.SIGKILL)
    else:
        with contextlib.suppress(RunError):
            blow = Blow(role, moment // 2)
            sweep(compared(sample), out=tmp_path, engines=2, progress=blow)
    result = sweep(compared(sample), out=tmp_path, engines=3, resume=True)
    assert result.summary["resumed"] in (0, LANES)  # all lanes that are compared, or none
    assert told(result.rows) == undisturbed_halving


def test_lanes_that_failed_are_tried_again_and_the_others_are_not(sample: Path, tmp_path: Path):
    settings = poisoned(sample, "Poisoned", [WELL, RAISES])
    first = sweep(settings, out=tmp_path, engines=2)
    again = sweep(settings, out=tmp_path, engines=2, resume=True)
    lanes = first.summary["lanes"]
    assert (first.summary["failed"], again.summary["resumed"]) == (1, lanes - 1)
    assert again.summary["passes"] == 1
    assert told(again.rows) == told(first.rows)


# --- no room -------------------------------------------------------------------------------------


def test_a_disk_that_gets_full_while_a_sweep_runs_keeps_the_passes_before(
    sample: Path, tmp_path: Path, small_disk: Path, undisturbed: list[tuple]
):
    with pytest.raises(RunError, match=r"cannot write .*: the disk is full") as caught:
        sweep(many(sample), out=tmp_path, ledger=small_disk / "ledger", engines=2)
    assert "\n" not in str(caught.value)
    with Ledger.open(small_disk / "ledger") as ledger:
        kept = ledger.lanes()
    assert 0 < len(kept) < LANES
    assert len(kept) % PER_PASS == 0
    shutil.copytree(small_disk / "ledger", tmp_path / "ledger")
    result = sweep(many(sample), out=tmp_path, engines=2, resume=True)
    assert result.summary["resumed"] == len(kept)
    assert done(result.rows) == undisturbed


def test_a_report_that_cannot_be_written_loses_no_lane(
    sample: Path, tmp_path: Path, small_disk: Path
):
    """The page carries plotly.js and is larger than the disk."""
    settings = poisoned(sample, "Poisoned", [WELL])
    with pytest.raises(RunError, match=r"cannot write .*report\.html: the disk is full"):
        sweep(settings, out=small_disk, ledger=tmp_path / "ledger", engines=2)
    (folder,) = small_disk.iterdir()
    assert "report.html" in (folder / "PARTIAL").read_text()
    assert not list(folder.glob("report*"))
    result = sweep(settings, out=tmp_path, ledger=tmp_path / "ledger", engines=2, resume=True)
    assert (result.summary["resumed"], result.summary["passes"]) == (8, 0)
    assert Path(result.summary["report"]).is_file()


def test_a_ledger_that_cannot_be_written_is_named_and_keeps_what_it_has(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    first = sweep(many(sample), out=tmp_path, engines=2, overrides=["sweep.space.fast=[3]"])
    assert first.summary["done"] == 20

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match="the disk is full"):
        sweep(many(sample), out=tmp_path, engines=2, overrides=["sweep.space.fast=[4]"])
    monkeypatch.undo()
    with Ledger.open(tmp_path / "ledger") as ledger:
        assert {row.key for row in ledger.lanes()} == {row.key for row in first.rows}
