"""Limits, costs and instruments through the command: what is recorded, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline.config.examples import example_path

EXAMPLE = example_path("equity_limits.json")


def test_the_example_with_limits_runs_on_the_sample(ringtape: Callable[..., Any], sample: Path):
    done = ringtape("run", EXAMPLE, "--set", f"catalog={sample}", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    (lane,) = json.loads(done.stdout)["lanes"]
    assert min(lane[name] for name in ("fills", "orders_rejected", "orders_cut_by_volume_cap")) > 0


def test_rejected_orders_are_recorded_with_both_numbers_and_counted(
    ringtape: Callable[..., Any], sample: Path, tmp_path: Path
):
    done = ringtape(
        *("run", example_path("demo.json"), "--set", f"catalog={sample}", "--out", "runs"),
        *("--set", "backtest_config.end_date=2024-10-23"),
        *("--set", "trading_config.max_per_trade=10000"),
    )
    assert (done.returncode, done.stderr) == (0, "")
    (folder,) = (tmp_path / "runs").iterdir()
    rows = pq.read_table(folder / "orders.parquet").to_pylist()
    rejected = [row for row in rows if row["state"] == "rejected"]
    assert 0 < len(rejected) < len(rows)
    for row in rejected:
        assert (row["reason"], row["allowed"]) == ("max_per_trade", 10_000.0)
        assert row["found"] > row["allowed"]
        assert row["filled"] == 0.0
    others = [row for row in rows if row["state"] != "rejected"]
    assert all(row["found"] is None and row["allowed"] is None for row in others)
    filled = pq.read_table(folder / "fills.parquet")["order_id"].to_pylist()
    assert {row["order_id"] for row in rejected}.isdisjoint(filled)
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["lanes"][0]["orders_rejected"] == len(rejected)
    assert summary["assumptions"]["orders_rejected"] == len(rejected)
    assert f"\nrejected        {len(rejected):,} orders: " in done.stdout


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("instruments.ALFA.tick=0.01", "instruments.ALFA.tick"),
        ("instruments.ALFAA.tick_size=0.01", "ALFAA"),
        ("trading_config.max_per_trades=1", "trading_config.max_per_trades"),
        ("execution.volume_cap=2", "execution.volume_cap"),
    ],
)
def test_a_setting_that_is_not_valid_is_refused_in_one_line(
    called: Callable[..., Any], sample: Path, tmp_path: Path, setting: str, named: str
):
    done = called("run", str(EXAMPLE), "--set", f"catalog={sample}", "--set", setting)
    assert (done.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert line.startswith("ringtape: error: ")
    assert named in line
    assert list(tmp_path.iterdir()) == []
