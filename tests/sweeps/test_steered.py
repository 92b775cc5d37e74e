"""A sweep has one command page for its whole time, whatever its passes are."""

import os
from pathlib import Path
from typing import Any

import pytest

from pipeline import sweep
from pipeline.errors import StoppedError
from pipeline.watch.control import steer
from pipeline.watch.live_runs import LiveRun
from shm.names import LISTING, list_segments
from tests.reference.processes import assert_nothing_left
from tests.reference.steered import Driver, act, beginning_with
from tests.sweeps.small_sweeps import known, small

pytestmark = pytest.mark.skipif(
    not LISTING.is_dir(), reason=f"this system does not list shared memory in {LISTING}"
)


@pytest.fixture(scope="module")
def settings(sample: Path) -> dict[str, Any]:
    """24 lanes in three passes, and the best of them once more."""
    return small(sample, lanes_per_pass=8, best=1)


def test_a_sweep_that_is_steered_comes_to_the_same_in_every_pass(
    settings: dict[str, Any], tmp_path: Path
):
    plain = sweep(settings, out=tmp_path / "plain", engines=2, progress=False)
    pages: set[str] = set()
    steps: list[int] = []

    def step(found: LiveRun) -> None:
        """Take a thousand steps, of which a pass has about 2,300, until the sweep goes on."""
        pages.update(name.text for name in list_segments() if is_own_page(name))
        steps.append(steer(found, "step", 1_000).steps)
        if driver.seen[-1].passes < 3:
            driver.acts.append(step)
        else:
            driver.acts.append(act("resume"))

    driver = Driver([act("speed", 1e7), step])
    with beginning_with("pause"):
        steered = sweep(settings, out=tmp_path / "steered", engines=2, progress=driver)
    assert known(steered.rows) == known(plain.rows)
    assert len(pages) == 1
    assert any("`ringtape control` steered it" in note for note in steered.summary["notes"])
    assert {seen.passes for seen in driver.seen} >= {1, 2, 3}
    assert sum(steps) > 4_000
    assert any(seen.paused for seen in driver.seen)
    assert_nothing_left()


def is_own_page(name: Any) -> bool:
    return bool(name.kind == "command" and name.owner_pid == os.getpid())


def test_a_sweep_that_is_stopped_goes_on_with_resume(settings: dict[str, Any], tmp_path: Path):
    def pass_by(found: LiveRun) -> None:
        """Let passes end until one is in the ledger; then stop the sweep."""
        if driver.seen[-1].lanes:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("pipeline.watch.control.PATIENCE_SECONDS", 0.1)
                steer(found, "stop")  # this process would end the sweep if it did not wait here
        else:
            steer(found, "step", 5_000)
            driver.acts.append(pass_by)

    driver = Driver([pass_by])
    words = r"^stopped by ringtape control"
    with pytest.raises(StoppedError, match=words) as stopped, beginning_with("pause"):
        sweep(settings, out=tmp_path, engines=2, progress=driver)
    (note,) = stopped.value.__notes__
    assert note.startswith("8 lanes that have ended")
    assert_nothing_left()
    again = sweep(settings, out=tmp_path, engines=2, resume=True, progress=False)
    assert (again.summary["resumed"], again.summary["lanes"]) == (8, 24)
