"""`ringtape control`: pauses, resumes, steps, paces and stops a run from outside."""

from __future__ import annotations

import math
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.options import common_options, example
from pipeline.cli.output import print_json, print_text

if TYPE_CHECKING:
    from pipeline.watch.control import Steering, Verb

#: The most moments of one command.
_MOST = 1_000_000_000
VERBS: tuple[Verb, ...] = ("pause", "resume", "step", "speed", "stop")


class _GivenVerb(click.Choice[str]):
    """One of the verbs; where the run stands in its place and it in the run's, that is said."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the verb."""
        before = ctx.params.get("run_id") if ctx else None
        if before in VERBS and value not in VERBS:
            self.fail(f"the run comes first: ringtape control {value} {before}", param, ctx)
        return super().convert(value, param, ctx)


@click.command(
    epilog=example("ringtape control 3f2 pause"),
    short_help="Pause, resume, step, pace or stop a live run from outside.",
    context_settings={"ignore_unknown_options": True},  # a number may be below 0
)
@click.argument("run_id", metavar="RUN")
@click.argument("verb", type=_GivenVerb(VERBS), metavar="VERB")
@click.argument("amount", required=False, metavar="[N|X]")
@common_options
def control(run_id: str, verb: Verb, amount: str | None, as_json: bool) -> None:
    """Steer the live run or sweep RUN; its results are the same, whatever is done.

    \b
    pause      stands still after the slots that are under way
    resume     goes on
    step [N]   hands on N moments of the market (one), and stands still
    speed X    goes at X times real time from now on; 0: as fast as it goes
    stop       ends the run as Ctrl-C does; what it has come to is kept

    RUN is the id that `ringtape stats` lists, or its beginning. The command waits up to 2 seconds
    until the run obeys, and says how far it is. The exit code is 1 if it has not obeyed by then,
    has ended, or another process steers it at this moment, and 2 for bad input.
    """
    wanted = _amount(verb, amount)
    from pipeline.watch.control import steer
    from pipeline.watch.live_runs import find_run

    found = steer(find_run(run_id), verb, wanted)
    if as_json:
        print_json(asdict(found))
    else:
        print_text(said(found))


def _amount(verb: Verb, text: str | None) -> float:
    """Return the moments to step or the speed; 1 for a verb that has neither."""
    if verb == "speed":
        value = _number(text)
        if value is None or not 0 <= value < math.inf:
            given = "none was given" if text is None else f"was {text}"
            raise click.UsageError(f"speed takes a multiple of real time, 0 or more, {given}")
        return value
    if verb == "step":
        value = _number(text or "1")
        if value is None or not 1 <= value <= _MOST or not value.is_integer():
            raise click.UsageError(f"step takes how many moments, 1 to {_MOST:,}, was {text}")
        return value
    if text is not None:
        raise click.UsageError(f"{verb} takes no number, was given {text}")
    return 1


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def said(found: Steering) -> str:
    """Return in one line what a run does now, and how far it is."""
    parts = [_state(found)]
    if found.steps or found.steps_left:
        of = f" of {found.steps + found.steps_left:,}" if found.steps_left else ""
        word = "moment" if found.steps == 1 and not of else "moments"
        parts.insert(0, f"{found.steps:,}{of} {word} handed on")
    if found.done is not None:
        parts.append(f"{100 * found.done:.0f} % done")
    return f"{found.kind} {found.run_id}: {', '.join(parts)}"


def _state(found: Steering) -> str:
    at = "between two passes" if found.kind == "sweep" else "before its first moment"
    if found.close_ns is not None:
        at = f"at {datetime.fromtimestamp(found.close_ns // 10**9, UTC):%Y-%m-%d %H:%MZ}"
    pace = "as fast as it goes" if found.speed == 0 else f"at {found.speed:g} times real time"
    if found.verb == "stop":
        return f"{'stopped' if found.ended else 'is stopping'} {at}"
    if found.ended:
        return "its tape has ended"
    if found.steps_left:
        return f"goes on to step, now {at}"
    if found.paused:
        return f"paused {at}" + (f", then goes {pace}" if found.verb == "speed" else "")
    return f"goes on {at}, {pace}"
