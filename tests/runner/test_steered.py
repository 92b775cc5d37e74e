"""Real runs that are steered from outside: nothing of it changes what they come to."""

import os
import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pipeline import run
from pipeline.errors import StoppedError
from pipeline.runner.progress import Progress
from pipeline.watch.control import Steering, steer
from pipeline.watch.live_runs import LiveRun
from shm.names import LISTING, list_segments
from tests.reference.processes import assert_nothing_left, partial_folder
from tests.reference.steered import Act, Driver, act, beginning_with

pytestmark = pytest.mark.skipif(
    not LISTING.is_dir(), reason=f"this system does not list shared memory in {LISTING}"
)


def any_act(chance: random.Random) -> Act:
    verb = chance.choice(["pause", "resume", "step", "step", "speed", "speed"])
    amount = {"step": chance.randint(1, 300), "speed": chance.choice([0, 3e4, 3e5, 3e6])}
    return act(verb, amount.get(verb, 1))


@pytest.fixture(scope="module")
def session(sample: Path, settings_of_a_session: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return settings_of_a_session(
        backtest_config={"start_date": "2024-10-22", "end_date": "2024-12-03"},
        session_data_config={"symbols": ["ALFA", "BRVO"], "streams": ["1m", "5m"]},
        catalog=str(sample),
    )


@pytest.fixture(scope="module")
def expected(session: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> str:
    return run(session, out=tmp_path_factory.mktemp("expected"), progress=False).digest


@pytest.mark.parametrize(
    ("seed", "more"),
    [
        (1, {}),
        (2, {"pipeline": {"processors": 2, "slots": 1}}),
        (3, {"pipeline": {"slot_rows": 50}}),
        (4, {"backtest_config": {"speed_multiplier": 1e6}}),
    ],
)
def test_no_sequence_of_commands_changes_the_digest(
    session: dict[str, Any],
    expected: str,
    tmp_path: Path,
    seed: int,
    more: dict[str, Any],
):
    chance = random.Random(seed)
    acts = [any_act(chance) for _ in range(12)]
    driver = Driver([*acts, act("speed", 0), act("resume")])
    settings = {**session, **more}
    settings["backtest_config"] = session["backtest_config"] | more.get("backtest_config", {})
    with beginning_with("pause"):
        result = run(settings, out=tmp_path, progress=driver)
    assert result.digest == expected
    assert driver.seen
    assert_nothing_left()


def test_a_step_is_one_moment_and_progress_says_that_the_run_is_paused(
    session: dict[str, Any], expected: str, tmp_path: Path
):
    told: list[Steering] = []
    steps = [lambda found, n=n: told.append(steer(found, "step", n)) for n in (1, 2, 5)]

    def go_on_once_all_is_walked(found: LiveRun) -> None:
        if driver.seen[-1].bars < 16:
            driver.acts.append(go_on_once_all_is_walked)
        else:
            steer(found, "resume")

    driver = Driver([*steps, go_on_once_all_is_walked])
    with beginning_with("pause"):
        result = run(session | {"pipeline": {"slot_rows": 50}}, out=tmp_path, progress=driver)
    assert result.digest == expected
    (note,) = [note for note in result.summary["notes"] if "ringtape control" in note]
    assert note.startswith("`ringtape control` steered it, by 5 commands. It stood still for ")
    assert result.summary["verdict"]["bound"] == "steered"
    assert result.summary["verdict"]["stages"]["decode"]["starved"] > 0.5
    assert [one.steps for one in told] == [1, 2, 5]
    assert all(one.paused and not one.steps_left and not one.ended for one in told)
    closes = [one.close_ns or 0 for one in told]
    assert [(b - a) // 60_000_000_000 for a, b in pairwise(closes)] == [2, 5]
    paused = [one for one in driver.seen if one.paused]
    assert paused[-1].bars == 16, "two symbols have a bar at each of 8 moments"
    assert not [one.stuck for one in driver.seen if one.stuck]


def test_a_run_that_is_stopped_keeps_what_it_came_to(session: dict[str, Any], tmp_path: Path):
    def stop(found: LiveRun) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("pipeline.watch.control.PATIENCE_SECONDS", 0.1)
            steer(found, "stop")  # this process would end the run if it did not wait here

    driver = Driver([act("step", 500), act("pause"), stop])
    words = rf"^stopped by ringtape control \(process {os.getpid()}\)"
    with pytest.raises(StoppedError, match=words) as stopped, beginning_with("pause"):
        run(session, out=tmp_path, progress=driver)
    assert stopped.value.exit_code == 3
    why, summary = partial_folder(tmp_path)
    assert why.strip() == f"stopped by ringtape control (process {os.getpid()})"
    assert summary["partial"]
    assert_nothing_left()


def test_a_run_that_is_stopped_before_its_tape_begins_leaves_no_folder(
    session: dict[str, Any], tmp_path: Path
):
    with pytest.raises(StoppedError), beginning_with("stop"):
        run(session, out=tmp_path, progress=False)
    assert list(tmp_path.iterdir()) == []
    assert_nothing_left()


def test_a_run_in_one_process_has_no_page(session: dict[str, Any], tmp_path: Path):
    seen = []

    def look(_: Progress) -> None:
        seen.append({name.kind for name in list_segments() if name.owner_pid == os.getpid()})

    dates = session["backtest_config"] | {"end_date": "2024-10-23"}
    run({**session, "backtest_config": dates}, out=tmp_path, progress=look, inline=True)
    assert seen
    assert not any("command" in kinds for kinds in seen)
    assert all("control" in kinds for kinds in seen)
