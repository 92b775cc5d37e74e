"""What one round of the chaos run does: a command, its settings, an accident, and its moment."""

import random
from dataclasses import dataclass
from typing import Any

#: The kinds of accidents.
KINDS = (
    *("clock", "cut", "disk", "kill", "limit"),
    *("memory", "orphan", "remove", "signal", "stop"),
)
ACTIONS = ("run", "run", "sweep", "resume", "import")

#: What is replayed. The digest depends on nothing else.
MARKETS: dict[str, dict[str, Any]] = {
    "cross": {
        "symbols": ["ALFA", "BRVO", "CHRL"],
        "streams": ["1m", "5m"],
        "dates": ("2024-10-22", "2024-10-25"),
        "strategy": "Crosser",
    },
    "resting": {
        "symbols": ["ALFA", "DLTA"],
        "streams": ["1m"],
        "dates": ("2024-10-22", "2024-10-31"),
        "strategy": "Rester",
    },
}


@dataclass(frozen=True)
class Plan:
    """One round, all of it drawn from `seed` and `number`.

    `moment` is the share of the time that the command takes without an accident after which the
    accident happens; at 0 it happens before the command starts. `pipeline` is the configuration's
    section. `fresh` has the strategy compiled anew, `empty` everything.
    """

    seed: int
    number: int
    kind: str
    action: str
    market: str
    mode: str
    pipeline: dict[str, Any]
    inline: bool
    fresh: bool
    empty: bool
    moment: float

    @property
    def rng(self) -> random.Random:
        """The draws of the accident itself."""
        return random.Random(f"{self.seed}/{self.number}/accident")


def plan_of(seed: int, number: int, kinds: tuple[str, ...] = KINDS) -> Plan:
    """Draw a round; every kind comes equally often."""
    rng = random.Random(f"{seed}/{number}")
    kind = kinds[number % len(kinds)]
    action = rng.choice(ACTIONS)
    alone = kind in ("kill", "orphan") or (kind == "stop" and rng.random() < 0.8)
    if alone and action == "import":  # it is a single process
        action = "run" if kind == "kill" else action
    before = kind in ("cut", "remove", "disk", "memory", "limit") and rng.random() < 0.15
    pipeline: dict[str, Any] = {
        "processors": rng.choice((1, 1, 2)),
        "engines": rng.choice((1, 2)),
        "slots": rng.choice((2, 4, 8)),
        "slot_rows": rng.choice((None, None, 1, 50, 400)),
        "start_method": rng.choices(("forkserver", "spawn"), (6, 1))[0],
    }
    if rng.random() < 0.3:
        pipeline["held_up_seconds"] = 3
    return Plan(
        seed,
        number,
        kind,
        action,
        rng.choice(tuple(MARKETS)),
        rng.choice(("compiled", "compiled", "interpreted")),
        pipeline,
        inline=action == "run" and kind != "kill" and rng.random() < 0.08,
        fresh=rng.random() < 0.15,
        empty=rng.random() < 0.02,
        moment=0.0 if before else rng.uniform(0.01, 1.0),
    )
