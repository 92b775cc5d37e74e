"""A lane's random numbers: those of the generator's author, and the same whatever the run."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import Strategy, run, sweep
from pipeline.market.catalog.sample import SYMBOLS
from pipeline.strategy.compiled.random_numbers import CELLS, first_state, uniform
from tests.reference.processes import settings_of


def mrg32k3a(state: list[int]) -> float:
    """L'Ecuyer's program of 1999, in Python's own numbers."""
    m1, m2 = 4_294_967_087, 4_294_944_443
    p1 = (1_403_580 * state[1] - 810_728 * state[0]) % m1
    p2 = (527_612 * state[5] - 1_370_589 * state[3]) % m2
    state[:] = state[1], state[2], p1, state[4], state[5], p2
    return ((p1 - p2) if p1 > p2 else (p1 - p2 + m1)) * (1.0 / (m1 + 1))


@given(st.integers(0, 2**64), st.lists(st.text(max_size=5), max_size=4))
def test_numbers_are_those_of_the_published_generator(seed: int, identity: list[str]):
    state = first_state(seed, identity)
    cells, plain = np.array(state, np.int64), list(state)
    for _ in range(20):
        assert uniform(cells.ctypes.data) == mrg32k3a(plain)
        assert cells.tolist() == plain


def test_the_first_numbers_of_the_authors_own_seed():
    """With 12345 in every cell, as L'Ecuyer's RngStreams and every library after it."""
    cells = np.full(CELLS, 12345, np.int64)
    found = [uniform(cells.ctypes.data) for _ in range(5)]
    assert found == pytest.approx([0.127011, 0.318528, 0.309186, 0.825847, 0.221630], abs=1e-6)


def test_they_are_spread_evenly():
    cells = np.array(first_state(1, []), np.int64)
    drawn = np.array([uniform(cells.ctypes.data) for _ in range(20_000)])
    counts = np.histogram(drawn, 20, (0.0, 1.0))[0]
    assert ((counts - 1000.0) ** 2 / 1000.0).sum() < 50.0  # 19 degrees: above 50 one in 10,000


def test_states_differ_by_seed_and_identity_and_hold_no_zero():
    states = {first_state(seed, [name]) for seed in range(5) for name in ("", "a", "b")}
    assert len(states) == 15
    assert all(cell > 0 for state in states for cell in state)
    assert first_state(1, ["ab"]) != first_state(1, ["a", "b"])


class Gambler(Strategy):
    """Buys and sells at random."""

    size: float = 1.0

    def on_bar(self, bar, ctx):
        if ctx.random() < 0.05:
            ctx.market(bar.symbol, self.size if ctx.random() < 0.5 else -self.size)


def gamble(sample: Path, out: Path, **changes: Any) -> str:
    config = settings_of("US_EQUITY", "2024-11-25", "2024-11-27", SYMBOLS[:2], ["1m"], sample)
    config["backtest_config"]["seed"] = changes.pop("seed", 0)
    config["strategy"] = {
        "name": "tests.strategy.compiled.test_random_numbers:Gambler",
        **changes.pop("strategy", {}),
    }
    summary = run(config | changes, out=out).summary
    assert summary["fills"] > 20
    return str(summary["lanes"][0]["digest"])


def test_a_run_gives_the_same_numbers_in_either_mode_alone_and_in_a_sweep(
    sample: Path, tmp_path: Path
):
    compiled = gamble(sample, tmp_path)
    assert gamble(sample, tmp_path, strategy={"mode": "interpreted"}) == compiled
    assert gamble(sample, tmp_path, strategy={"symbols": list(SYMBOLS[:2])}) == compiled
    assert gamble(sample, tmp_path, seed=1) != compiled
    assert gamble(sample, tmp_path, strategy={"parameters": {"size": 2.0}}) != compiled
    config = settings_of("US_EQUITY", "2024-11-25", "2024-11-27", SYMBOLS[:2], ["1m"], sample)
    config["pipeline"] = {"engines": 2}
    config["strategy"] = {"name": "tests.strategy.compiled.test_random_numbers:Gambler"}
    config["sweep"] = {
        "space": {"size": [3.0, 1.0, 2.0]},
        "score": "total_return",
        "best": 0,
    }
    digests = {row.parameters["size"]: row.digest for row in sweep(config, out=tmp_path).rows}
    assert digests[1.0] == compiled
    assert len(set(digests.values())) == 3
