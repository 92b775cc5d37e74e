"""A user who waits for a catalog to be verified is told how far that is."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.session import SessionConfig
from pipeline.market.catalog.sample import FIRST_DATE, SYMBOLS
from pipeline.runner.preparation import prepare
from pipeline.runner.verification import Verification
from tests.reference.processes import settings_of


def told(times: list[float]) -> list[str]:
    """What is told of so many series that are verified at these times, in seconds."""
    said: list[str] = []
    clock = iter(times)
    verification = Verification(said.append, lambda: next(clock))
    for number in range(len(times)):
        verification.tell(number + 1, len(times))
    return said


def test_nothing_is_told_of_what_is_soon_over():
    assert told([100.0, 100.5, 100.9]) == []


def test_after_a_second_it_is_told_ten_times_a_second():
    times = [100.0, 100.5, 101.0, 101.05, 101.09, 101.1, 105.0]
    assert told(times) == ["3 of 7 series", "6 of 7 series", "7 of 7 series"]


@pytest.fixture
def copied(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SessionConfig:
    """A run over a catalog that was copied, of which nothing is verified."""
    monkeypatch.setenv("RINGTAPE_CACHE_DIR", str(tmp_path / "cache"))
    shutil.copytree(sample, tmp_path / "catalog")
    settings: dict[str, Any] = settings_of(
        "US_EQUITY", FIRST_DATE, FIRST_DATE, SYMBOLS, ["1m"], tmp_path / "catalog"
    )
    return SessionConfig(**{**settings, "strategy": {"name": "a:B"}})


def test_each_series_that_is_verified_is_told_and_no_other(copied: SessionConfig):
    seen: list[tuple[int, int]] = []

    def note(number: int, count: int) -> None:
        seen.append((number, count))

    prepare(copied, note)
    assert seen == [(number, len(SYMBOLS)) for number in range(1, len(SYMBOLS) + 1)]
    seen.clear()
    (Path(copied.catalog) / "1m" / f"{SYMBOLS[2]}.parquet").touch()
    prepare(copied, note)
    assert seen == [(3, len(SYMBOLS))]


def test_ctrl_c_meanwhile_keeps_what_was_verified(copied: SessionConfig):
    def interrupt(number: int, count: int) -> None:
        if number == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(copied, interrupt)
    seen: list[int] = []
    prepare(copied, lambda number, _: seen.append(number))
    assert seen == [*range(3, len(SYMBOLS) + 1)]
