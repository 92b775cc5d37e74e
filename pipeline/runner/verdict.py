"""Which stage bounds a run or a sweep, and what would make it faster.

A stage bounds if its processes are busy while the stage before it is blocked and the one after it
is starved. So the busiest stage bounds. If another one is within 10 % of it, the stages are
balanced: to help one alone gains nothing. If none is busy, the stages wait for each other or for a
clock.

An advice that names a gain has computed it: with one more process a stage takes n / (n + 1) of its
time, but no run is faster than its next stage, or than all processor time, also that of other
programs, spread over the processors that it may use.
"""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipeline.config.session import SessionConfig
from pipeline.results.report.figures import many
from pipeline.stages.stage_times import STAGES, MemberTime, Stage
from shm.processors import usable_processors

#: A run of less time, or of fewer slots, says nothing of its stages.
_LEAST_SECONDS: Final = 0.1
_LEAST_SLOTS: Final = 10
#: Stages whose busy shares differ by less than this part of the greater one are balanced.
_ALIKE: Final = 0.1
#: A stage that is busy for less than this share of the time bounds nothing.
_IDLE: Final = 0.5
#: Where processors are this busy, one more process has nothing to run on.
_FULL: Final = 0.9
#: A gain below this factor is not worth an advice.
_WORTH: Final = 1.15
_WIDTH: Final = 80


@dataclass(frozen=True, slots=True)
class Load:
    """What a verdict knows of a run beside the time of its processes."""

    settings: SessionConfig
    #: All its lanes, or the most of a pass.
    lanes: int
    #: Slots that the tape had.
    slots: int
    #: Seconds from the start of the tape to the last result; of a sweep, of all passes.
    seconds: float
    #: Whether any lane ran in plain Python.
    interpreted: bool
    #: Processors that it could keep busy.
    processors: int
    #: Whether somebody outside has paused or paced it.
    steered: bool = False

    @classmethod
    def of(
        cls,
        settings: SessionConfig,
        *,
        lanes: int,
        slots: int,
        seconds: float,
        interpreted: bool,
        steered: bool = False,
    ) -> "Load":
        """Return the load of a run on this machine."""
        usable = usable_processors().usable
        return cls(settings, lanes, slots, seconds, interpreted, usable, steered)


@dataclass(frozen=True, slots=True)
class StageShares:
    """What the processes of a stage did, on average, as shares of the run's time."""

    processes: int
    busy: float
    starved: float
    blocked: float
    #: The busy share of the busiest of them, for which all others wait.
    busiest: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What bounds a run."""

    #: "decode", "derive", "engine", "balanced", "hand-over", "clock" or "steered"; "" if the run
    #: was too short to say.
    bound: str
    #: The busy share of the stage that bounds, or of the busiest one.
    share: float
    #: One sentence, with an advice.
    said: str
    stages: Mapping[Stage, StageShares]

    def document(self) -> dict[str, Any]:
        """Return it as summary.json holds it."""
        return {
            "bound": self.bound,
            "share": self.share,
            "said": self.said,
            "stages": {
                stage: {
                    "processes": one.processes,
                    "busy": one.busy,
                    "starved": one.starved,
                    "blocked": one.blocked,
                }
                for stage, one in self.stages.items()
            },
        }

    def text(self) -> str:
        """Return it as performance.txt holds it."""
        lines = [f"{'stage':<16}{'processes':>10}{'busy':>9}{'starved':>9}{'blocked':>9}"]
        lines += [
            f"{stage:<16}{one.processes:>10}{one.busy:>9.1%}{one.starved:>9.1%}{one.blocked:>9.1%}"
            for stage, one in self.stages.items()
        ]
        return "\n".join([*lines, *textwrap.wrap(self.said, _WIDTH)]) + "\n"


def verdict_of(times: Sequence[MemberTime], load: Load) -> Verdict:
    """Return what bounds a run; ``times``: of each of its processes."""
    stages = _stages(times)
    ranked = sorted(stages, key=lambda stage: stages[stage].busiest, reverse=True)
    share = stages[ranked[0]].busiest
    bound, said = _judge(stages, ranked, load, times)
    return Verdict(bound, share, said, stages)


def _stages(times: Sequence[MemberTime]) -> dict[Stage, StageShares]:
    """Return the mean shares of each stage's processes."""
    found: dict[Stage, StageShares] = {}
    for stage in STAGES:
        members = [one for one in times if one.stage == stage]
        # The coordinator ends before the engines do: what it then does not do is a wait for them.
        wall = max((one.wall for one in times), default=0.0) or 1.0
        count = max(1, len(members))
        busy, starved = (
            sum(getattr(one, name) for one in members) / (wall * count)
            for name in ("busy", "starved")
        )
        busiest = max((one.busy for one in members), default=0.0) / wall
        blocked = max(0.0, 1.0 - busy - starved)
        found[stage] = StageShares(len(members), busy, starved, blocked, busiest)
    return found


def _judge(
    stages: Mapping[Stage, StageShares],
    ranked: Sequence[Stage],
    load: Load,
    times: Sequence[MemberTime],
) -> tuple[str, str]:
    """Return what bounds, and the sentence."""
    busiest, second = ranked[0], ranked[1]
    share, next_share = stages[busiest].busiest, stages[second].busiest
    if load.seconds < _LEAST_SECONDS or load.slots < _LEAST_SLOTS:
        way = "" if load.seconds < _LEAST_SECONDS else "; smaller ones (pipeline.slot_rows) tell"
        return "", (
            f"Too short to say: {load.seconds:.2g} s and {many(load.slots, 'slot')}, expected at"
            f" least {_LEAST_SECONDS} s and {_LEAST_SLOTS} slots{way}."
        )
    if load.settings.backtest_config.speed_multiplier > 0 and stages["decode"].starved > _IDLE:
        return "clock", f"Clock-bound: the stages are busy for at most {share:.0%} of the time."
    if load.steered and stages["decode"].starved > _IDLE:
        return "steered", (
            f"Steered: the stages are busy for at most {share:.0%} of the time, because `ringtape"
            " control` paused or paced the run."
        )
    if share < _IDLE:
        return "hand-over", (
            f"Hand-over-bound: no stage is busy for more than {share:.0%} of the time;"
            f" {_paced_advice(load) or _overlap_advice(load)}."
        )
    if share - next_share < _ALIKE * share:
        return "balanced", (
            f"Balanced: {_name(busiest)} is busy for {share:.0%} of the time, {_name(second)} for"
            f" {next_share:.0%}; {_paced_advice(load) or _balanced_advice(load, times)}."
        )
    return busiest, (
        f"{busiest.capitalize()}-bound: {_name(busiest)} is busy for {share:.0%} of the time;"
        f" {_advice(busiest, stages, load, times)}."
    )


def _name(stage: Stage) -> str:
    return {"decode": "decoding", "derive": "deriving", "engine": "the engine"}[stage]


def _advice(
    stage: Stage, stages: Mapping[Stage, StageShares], load: Load, times: Sequence[MemberTime]
) -> str:
    """Return what would help the stage that bounds."""
    if stage == "decode":
        if paced := _paced_advice(load):
            return paced
        if load.settings.backtest_config.prefetch_days == 0:
            return "backtest_config.prefetch_days of 1 decodes ahead in the background"
        return "one process decodes, so fewer symbols or a longer base interval would help"
    if stage == "derive":
        most = len(load.settings.session_data_config.symbols)
        return _more(stage, "processor", most, "symbol", stages, load, times)
    return _more(stage, "engine", load.lanes, "lane", stages, load, times)


def _more(
    stage: Stage,
    process: str,
    parts: int,
    part: str,
    stages: Mapping[Stage, StageShares],
    load: Load,
    times: Sequence[MemberTime],
) -> str:
    """Return what one more process of a stage would give; its work comes in ``parts``."""
    count = stages[stage].processes
    if parts <= count:
        slow = load.interpreted and stage == "engine"
        hint = ', and mode "compiled" is faster than plain Python' if slow else ""
        return f"{many(parts, part)} cannot be shared by more than {many(parts, process)}{hint}"
    gain = _gain(stage, stages, load, times)
    if gain < _WORTH:
        return f"one more {process} would give little, as {_next_bound(stage, stages, load, times)}"
    setting = f"pipeline.{process}s={count + 1}"
    return f"{count + 1} {process}s would give about {gain:.1f} x ({setting})"


def _gain(
    stage: Stage, stages: Mapping[Stage, StageShares], load: Load, times: Sequence[MemberTime]
) -> float:
    """Return how many times faster the run would be with one more process of a stage."""
    count = stages[stage].processes
    work = stages[stage].busy * count
    left = [1.0 - stages[stage].busiest + work / (count + 1)]
    left += [one.busiest for name, one in stages.items() if name != stage]
    left.append(_processor_share(load, times))
    return 1.0 / max(left)


def _next_bound(
    stage: Stage, stages: Mapping[Stage, StageShares], load: Load, times: Sequence[MemberTime]
) -> str:
    """Say what bounds a run next, if a stage does not any more."""
    full = _processor_share(load, times)
    other = max((name for name in stages if name != stage), key=lambda one: stages[one].busiest)
    if stages[other].busiest > full:
        return f"{_name(other)} is busy for {stages[other].busiest:.0%} of the time"
    are = "is" if load.processors == 1 else "are"
    return f"{many(load.processors, 'processor')} {are} {full:.0%} busy"


def _processor_share(load: Load, times: Sequence[MemberTime]) -> float:
    """Return how busy the processors that the run may use were, with all programs on them."""
    own = sum(one.processor for one in times) / load.seconds
    machine = max((one.machine / one.wall for one in times if one.wall), default=0.0)
    return min(1.0, max(own, machine) / load.processors)


def _balanced_advice(load: Load, times: Sequence[MemberTime]) -> str:
    full = _processor_share(load, times)
    if full >= _FULL:
        return f"{many(load.processors, 'processor')} of the machine are {full:.0%} busy"
    return "more processes for one of them alone would give nothing"


def _paced_advice(load: Load) -> str:
    """Return what helps a run by a clock where hand-overs take the time; "" without a clock."""
    if load.settings.backtest_config.speed_multiplier == 0:
        return ""
    return (
        "a clock hands on one moment at a time, and backtest_config.speed_multiplier of 0, which is"
        " as fast as it goes, many at once"
    )


def _overlap_advice(load: Load) -> str:
    """Return what lets stages work at the same time where none is busy."""
    pipeline = load.settings.pipeline
    if pipeline.slots < 2:
        return "with pipeline.slots of 2 or more a stage need not wait for the one after it"
    return "larger slots (pipeline.slot_rows) spend less time on handing on"
