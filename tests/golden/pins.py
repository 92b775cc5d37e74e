"""What is pinned of a case and of an example, in the form in which `digests.json` has it."""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

from pipeline import run, sweep
from pipeline.config.examples import example_path
from pipeline.lane.facts import LaneFacts
from pipeline.results.table_kinds import ORDER_STATES, ORDER_TYPES, REASONS
from tests.golden.cases import CASES
from tests.reference.in_process import Setup, run_in_process

FILE = Path(__file__).with_name("digests.json")
#: Two divisions of a run which have nothing in common.
INTERPRETED = Setup(slot_rows=5, slots=2, mode="interpreted", group_rows=7)
COMPILED = Setup(
    slot_rows=64, slots=3, processors=2, engines=2, mode="compiled", group_rows=30, seed=1
)
#: The sums of a lane that are pinned with its rows.
SUMS = (
    *("commission", "maker_commission", "slippage_cost", "turnover", "interest", "borrow"),
    *("dividends", "fractions_paid", "funding", "gross_profit", "gross_loss", "trip_squares"),
)
#: What of a lane is only counted.
COUNTS = (
    *("fills_as_maker", "poor_fills", "ambiguous", "capped", "slipped", "rejected"),
    *("liquidations", "positions_split", "orders_split", "dividends_booked"),
)
_CLOCK = "backtest_config.speed_multiplier=1e12"
_SHORT = "backtest_config.end_date=2024-10-29"
#: Some parameter sets in place of those that the search would draw, which are Optuna's.
_SETS = (
    *("sweep.method=grid", "sweep.samples=null"),
    'sweep.space={"period": [5, 14], "oversold": [25, 40], "loss": [0.5, 2], "profit": [0.5]}',
)
#: The examples whose data is the sample, and what differs from them here.
EXAMPLES: dict[str, tuple[str, ...]] = {
    "demo.json": (),
    "bracket.json": (),
    "clock.json": (_CLOCK,),
    "equity_limits.json": (),
    "interpreted.toml": (_SHORT,),
    "many_lanes.json": (),
    "momentum.json": (),
    "pair_trade.json": (),
    "sweep.json": (_SHORT, "sweep.best=1", "sweep.space.slow.step=36"),
    "sweep_tpe.json": (_SHORT, "sweep.best=1", *_SETS),
}


def _hash(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode("ascii")).hexdigest()[:32]


def _words(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """An order's row with its kind, state and reason by name."""
    named = {6: ORDER_TYPES, 7: ORDER_STATES, 11: REASONS}
    return tuple(
        named[place][value] if place in named else value for place, value in enumerate(row)
    )


def pin_case(name: str, setup: Setup) -> dict[str, Any]:
    """Run a case; its digest, a hash over all other rows and sums, and what was seen."""
    case = CASES[name]()
    facts: list[LaneFacts] = []
    lasting: list[str] = []

    def note(lanes: list[LaneFacts], tables: dict[str, Any]) -> None:
        facts.extend(lanes)
        lasting.extend(row["time_in_force"] for row in tables["orders"])

    outcomes, digest = run_in_process(
        case.market,
        case.strategies,
        setup,
        case.terms,
        universes=case.universes,
        tell=note,
    )
    orders = [_words(row) for outcome in outcomes for row in outcome.orders]
    lines = [repr(row) for row in orders]
    for outcome, lane in zip(outcomes, facts, strict=True):
        lines += [repr(row) for row in (*outcome.trips, outcome.session_equity)]
        lines += [f"{key} {float(getattr(lane, key))!r}" for key in SUMS]
    return {
        "digest": digest,
        "rows": _hash(lines),
        "orders": len(orders),
        "fills": sum(len(outcome.fills) for outcome in outcomes),
        "round_trips": sum(len(outcome.trips) for outcome in outcomes),
        "types": _tally(row[6] for row in orders),
        "states": _tally(row[7] for row in orders),
        "times_in_force": _tally(lasting),
        "reasons": _tally(row[11] for row in orders),
        "counts": {key: sum(int(getattr(lane, key)) for lane in facts) for key in COUNTS},
        "sums": {key: _signs(getattr(lane, key) for lane in facts) for key in SUMS},
    }


def _tally(words: Any) -> dict[str, int]:
    return dict(sorted(Counter(words).items()))


def _signs(values: Any) -> str:
    """Of a sum, whether it is positive (+) or negative (-) in any lane."""
    seen = list(values)
    return "+" * any(value > 0 for value in seen) + "-" * any(value < 0 for value in seen)


def pin_example(name: str, catalog: Path, out: Path) -> dict[str, Any]:
    """Run an example over the sample, or sweep it; its digest, and a few counts."""
    overrides = (f"catalog={catalog}", *EXAMPLES[name])
    path = example_path(name)
    if name.startswith("sweep"):
        rows = sweep(path, overrides=overrides, out=out).rows
        lines = [f"{json.dumps(row.parameters, sort_keys=True)} {row.digest}" for row in rows]
        return {"digest": _hash(sorted(lines)), "lanes": len(lines)}
    result = run(path, overrides=overrides, out=out)
    lanes = result.summary["lanes"]
    counts = {key: sum(lane[key] for lane in lanes) for key in ("orders", "fills")}
    return {"digest": result.digest, "lanes": len(lanes), **counts}


def pinned() -> dict[str, dict[str, Any]]:
    """Return the pins by kind, "cases" and "examples", and name."""
    found: dict[str, dict[str, Any]] = json.loads(FILE.read_text("utf-8"))
    return found
