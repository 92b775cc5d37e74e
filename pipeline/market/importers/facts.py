"""What an import takes for true of the rows of a source, and why: interval, clock, dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from pipeline.codes import DAY_NS, SECOND_NS, interval_name, interval_ns
from pipeline.errors import DataError
from pipeline.market.catalog.account import Fact, Ground
from pipeline.market.importers.made_bars import Making
from pipeline.market.importers.options import Options
from pipeline.market.importers.reading import Reading
from pipeline.market.importers.steps import Steps
from pipeline.market.importers.tick_bars import TickMaking
from pipeline.market.importers.times.clock import Clock
from pipeline.market.importers.times.day_begin import DayRule, find_day_begins
from pipeline.market.importers.times.server_clock import ServerClock, server_clock, weeks_outside

UTC: Final = Clock.fixed(0)
_STAMPED: Final = {"open": "--open-stamped", "close": "--end-stamped"}
"""The options of the ends of bars."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is taken for true of the rows of one symbol in one source."""

    interval: Fact
    clock: Fact
    stamped: Fact
    making: Making | TickMaking
    notes: tuple[str, ...]


def interval_of(readings: Sequence[Reading], options: Options) -> Fact:
    """Return the interval of the readings of one source: as given, else as known, else as shown.

    DataError if the rows show none, or cannot be of the one that was given.
    """
    steps = Steps()
    for reading in readings:
        steps.join(reading.steps)
    place = readings[0].place()
    ticks = any(reading.ticks for reading in readings)
    if options.interval is not None:
        interval = interval_name(interval_ns(options.interval))
        if not ticks:
            written = any(reading.times_written for reading in readings)
            steps.check(interval, place, timed=written, leave="leave --interval out, or ")
        return Fact(interval, "option")
    if ticks:
        raise DataError(
            f"{place}: rows are ticks, not bars; give the interval of the bars to make of them, "
            "such as --interval 1m"
        )
    known = readings[0].said.interval
    if known is not None:
        interval = interval_name(interval_ns(known.value))
        if not readings[0].said.own:
            steps.check(interval, place)
        return Fact(interval, known.ground)
    try:
        return steps.choose(place)
    except DataError as error:
        if steps.shuffled:
            raise DataError(f"{place}: {steps.shuffled}; --sort sorts them") from error
        raise


def own_interval(reading: Reading, interval: Fact) -> Fact:
    """Return the interval of one symbol of a source whose rows together show ``interval``.

    All its rows may be a multiple of a longer one apart.
    """
    if interval.ground != "rows":
        return interval
    try:
        reading.steps.check(interval.value, reading.place())
    except DataError:
        return reading.steps.choose(reading.place())
    return interval


def facts_of(reading: Reading, interval: Fact, options: Options) -> Facts:
    """Decide what the rows of one symbol in one source are. DataError if they cannot be it."""
    if reading.ticks:
        if interval_ns(interval.value) % DAY_NS == 0:
            raise DataError(
                f"{reading.place()}: ticks make no bars of {interval.value}, since only a calendar "
                "knows where days begin; import them with --interval 1m, and a run makes days"
            )
        clock, told, notes = _clock(reading, interval.value, options)
        making = TickMaking(interval.value, clock, options)
        notes += _unused(replace(options, tz=None, scale=None), "ticks make bars of their own")
        return Facts(interval, told, Fact("open", "rows"), making, notes)
    if reading.said.own and reading.instants:
        labels = Making(interval.value, UTC, False, None, options, labels=True)
        unused = _unused(options, "bars of a catalog are taken as they are")
        return Facts(interval, Fact("UTC", "file"), Fact("open", "file"), labels, unused)
    daily = interval_ns(interval.value) % DAY_NS == 0
    return (_of_days if daily else _of_times)(reading, interval, options)


def _unused(options: Options, why: str) -> tuple[str, ...]:
    """Return remarks on the options that were given and say nothing of such rows."""
    given = {
        "--tz": options.tz is not None,
        _STAMPED[options.stamped or "open"]: options.stamped is not None,
        "--scale": options.scale is not None,
        f"--off-grid {options.off_grid}": options.off_grid != "keep",
    }
    return tuple(f"{option} is not used: {why}." for option, is_given in given.items() if is_given)


def _of_times(reading: Reading, interval: Fact, options: Options) -> Facts:
    clock, told, notes = _clock(reading, interval.value, options)
    shown = reading.steps.stamps(interval.value)
    stamped = _stamped(reading, shown, options)
    if shown is not None and stamped.value != shown:
        ends = "opens" if shown == "open" else "ends"
        zone = " UTC" if reading.instants else ""
        note = (
            f"The times of day run from {reading.steps.hours}{zone}, as those of bars stamped at "
            f"their {ends} do: {_STAMPED[shown]} takes them so."
        )
        notes += (note,)
    making = Making(
        *(interval.value, clock, stamped.value == "close", None, options),
        backwards=reading.backwards,
    )
    return Facts(interval, told, stamped, making, notes)


def _stamped(reading: Reading, shown: Literal["open", "close"] | None, options: Options) -> Fact:
    """Return of which end of its bar a time is; ``shown`` is what the rows show.

    Where nothing says it, a time is taken for the open: if that is wrong, a strategy sees a bar
    late, where a wrong shift to the open would show it the future.
    """
    if options.stamped is not None:
        return Fact(options.stamped, "option")
    if reading.said.stamped is not None:
        other = _STAMPED["open" if reading.said.stamped == "close" else "close"]
        return Fact(reading.said.stamped, reading.said.ground, other)
    return Fact("open", "rows" if shown == "open" else "guess", "--end-stamped")


def _clock(
    reading: Reading, interval: str, options: Options
) -> tuple[Clock, Fact, tuple[str, ...]]:
    """Return the clock of times that are no instants, why it is it, and remarks on it."""
    said = reading.said
    if reading.instants:
        notes = ("--tz is not used: the file says the zone of its times.",)
        return UTC, said.clock or Fact("UTC", "file"), notes if options.tz is not None else ()
    if options.tz is not None:
        clock = Clock.parse(options.tz)
        doubts = _if_layout_differs(reading, clock) + _if_weeks_differ(reading, interval, clock)
        return clock, Fact(options.tz, "option"), doubts
    if said.server:
        return _server_clock(reading, interval)
    if said.clock is not None:
        return Clock.parse(said.clock.value), said.clock, ()
    if said.asks or not options.guess_clock:
        asks = said.asks or "the times name no zone"
        example = "" if "--tz" in asks else ", such as America/New_York"
        raise DataError(f"{reading.place()}: {asks}; give the zone of its times with --tz{example}")
    return UTC, Fact("UTC", "guess", "--tz"), _if_weeks_differ(reading, interval, UTC)


def _if_layout_differs(reading: Reading, given: Clock) -> tuple[str, ...]:
    """Return a remark if all files of the layout have another clock than the user says."""
    known = reading.said.clock
    if known is None or Clock.parse(known.value) == given:
        return ()
    layout = reading.said.layout
    return (f"--tz takes the place of the clock of the layout {layout}, {known.value}.",)


def _clock_by_weeks(reading: Reading, interval: str) -> ServerClock | None:
    around = np.array(reading.steps.around_gaps, np.int64).reshape(-1, 2)
    return server_clock(reading.symbol, around[:, 0], around[:, 1], interval_ns(interval))


def _if_weeks_differ(reading: Reading, interval: str, given: Clock) -> tuple[str, ...]:
    """Return a remark if the weeks of currencies show another clock than the one that is taken."""
    around = np.array(reading.steps.around_gaps, np.int64).reshape(-1, 2)
    found = _clock_by_weeks(reading, interval)
    if found is not None and (found.clock.to_utc(around).utc != given.to_utc(around).utc).any():
        return (f"{found.words()} --tz {found.clock.name} takes it, instead of {given.name}.",)
    step = interval_ns(interval)
    outside, weeks = weeks_outside(reading.symbol, around[:, 0], around[:, 1], step, given)
    if outside < 2 or 2 * outside <= weeks:
        return ()
    note = (
        f"By the clock {given.name}, bars lie where the market of currencies is closed, at the "
        f"ends of {outside:,} of {weeks:,} weeks: --tz names another."
    )
    return (note,)


def _server_clock(reading: Reading, interval: str) -> tuple[Clock, Fact, tuple[str, ...]]:
    """Return the clock of a broker's server: the one by which weeks are those of the market.

    Brokers' servers have one of several clocks, which no file names. DataError if the rows do not
    show which.
    """
    found = _clock_by_weeks(reading, interval)
    if found is None:
        raise DataError(
            f"{reading.place()}: {reading.said.asks}; give the clock with --tz, such as "
            "Europe/Athens or, where the server follows New York, America/New_York+7h"
        )
    return found.clock, Fact(found.clock.name, "rows"), (found.words(),)


def _of_days(reading: Reading, interval: Fact, options: Options) -> Facts:
    """Decide the dates of daily bars.

    A time of day is of a feed that stamps the instant at which its day begins or ends.
    """
    dates, rule, clock = Fact("dates", "file"), None, UTC
    doubts: tuple[str, ...] = ()
    unused = [] if options.stamped is None else [_STAMPED[options.stamped]]
    if reading.dated:
        unused += [] if options.tz is None else ["--tz"]
    elif reading.instants and options.tz is not None:
        rule = DayRule(f"days of {options.tz}", options.tz, 0, False)
        dates = Fact(options.tz, "option")
    elif reading.instants or options.tz is not None:
        clock = UTC if reading.instants else Clock.parse(options.tz or "UTC")
        rule, dates, doubts = _day_rule(reading, clock)
    else:
        dates = Fact("dates", "guess", "--tz")
    making = Making(interval.value, clock, False, rule, options, backwards=reading.backwards)
    notes = [f"{option} is not used: daily bars have the dates of their days." for option in unused]
    return Facts(interval, dates, Fact("open", "file"), making, (*notes, *doubts))


def _day_rule(reading: Reading, clock: Clock) -> tuple[DayRule | None, Fact, tuple[str, ...]]:
    """Return how instants show the dates of daily bars, and remarks. DataError if they do not.

    Times that are no instants are those of the ``clock``; their dates may be the written ones.
    """
    utc = np.concatenate(
        [
            clock.to_utc(rows.wall).utc if rows.utc is None else rows.utc
            for rows in reading.spool.blocks(reading.kept)
        ]
    )
    if (utc % DAY_NS >= DAY_NS - SECOND_NS).all():
        rule = DayRule("days of UTC, stamped just before they end", "UTC", 0, False)
        return rule, Fact(rule.words, "rows", "--tz"), ()
    found = find_day_begins(utc)
    if found is None and not reading.instants:
        note = f"No usual day begins or ends at these times of {clock}: dates are as written."
        return None, Fact("dates", "guess", "--tz"), (note,)
    if found is None:
        raise DataError(
            f"{reading.place()}: daily bars are stamped at times of day that no usual clock shows, "
            "so their dates are not known; give the zone of their dates with --tz"
        )
    ground: Ground = "rows" if found.alone else "guess"
    return found.rule, Fact(found.words(), ground, "--tz"), found.doubts(instants=reading.instants)
