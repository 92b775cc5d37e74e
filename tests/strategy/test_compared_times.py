"""A time that is compared with a text or a date is refused before a run, with what to write."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline import MINUTE, Strategy
from pipeline.errors import StrategyError
from pipeline.strategy.local_time import OF_TIME
from pipeline.strategy.misuse import check_use

OPENING = dt.time(9, 45)
TEN = "10:00"
CASES: list[Any] = []


def case(told: str) -> Any:
    """Have a function be refused as an on_bar, at the line that is marked."""

    def keep(function: Any) -> Any:
        CASES.append(pytest.param(function, told, id=function.__name__))
        return function

    return keep


@case("ctx.time is a tuple of numbers, and never the text '10:00'; write (ctx.time.hour, ")
def a_text(self, bar, ctx):
    return ctx.time > "10:00"  # here


@case(
    "bar.close_ts is a number, ns UTC, and never the text '2024-11-25 10:00'; write "
    "20241125 <= ctx.time.date"
)
def a_day_and_a_time(self, bar, ctx):
    return "2024-11-25 10:00" <= bar.close_ts  # noqa: SIM300  # here


@case(
    "context.time.date is a number, like 20241125, and never the text '2024-11-25'; write "
    "context.time.date == 20241125"
)
def a_text_that_never_equals(self, bar, context):
    return context.time.date == "2024-11-25"  # here


@case("ctx.time is a tuple of numbers, and never a datetime.time; write (ctx.time.hour, ctx.time")
def a_time_of_the_module(self, bar, ctx):
    return ctx.time >= OPENING  # here


@case(
    "ctx.time is a tuple of numbers, and never the text '10:00'; write (ctx.time.hour, "
    "ctx.time.minute) != (10, 0)"
)
def a_text_of_the_module(self, bar, ctx):
    return ctx.time != TEN  # here


@case(
    "bar.ts is a number, ns UTC, and never dt.datetime(2024, 10, 2); write ctx.time.date > 20241002"
)
def a_date_that_is_made(self, bar, ctx):
    return bar.ts > dt.datetime(2024, 10, 2)  # here  # noqa: DTZ001


@case(
    "ctx.time is a tuple of numbers, and never datetime.time(9, 5); write (ctx.time.hour, "
    "ctx.time.minute) < (9, 5)"
)
def a_time_of_an_import_within(self, bar, ctx):
    import datetime  # noqa: ICN001

    return ctx.time < datetime.time(9, 5)  # here


@case("ctx.now is a number, ns UTC, and never pd.Timestamp('2024-10-02'); write ctx.time.date > 2")
def a_timestamp(self, bar, ctx):
    return ctx.now > pd.Timestamp("2024-10-02")  # here


@case(f"ctx.now is a number, ns UTC, and never np.datetime64(ctx.session_date, 'D'); {OF_TIME}")
def a_date_that_is_not_known(self, bar, ctx):
    return ctx.now > np.datetime64(ctx.session_date, "D")  # here


@case(f"ctx.time is a tuple of numbers, and never the text '10:00'; {OF_TIME}")
def several(self, bar, ctx):
    return ctx.time in ("10:00", "11:00")  # here


def class_of(function: Any) -> Any:
    return type("Timed", (Strategy,), {"on_bar": function})


@pytest.mark.parametrize(("function", "told"), CASES)
def test_it_is_refused_with_its_line_and_what_to_write(function: Any, told: str):
    with pytest.raises(StrategyError) as caught:
        check_use(class_of(function))
    place, _, said = str(caught.value).partition(": Timed.on_bar: ")
    assert said.startswith(told)
    line = int(place.rpartition(":")[2])
    assert "# here" in Path(__file__).read_text().splitlines()[line - 1]


def date(days: int) -> int:
    return 20241000 + days


class Meant(Strategy):
    """All of it is meant."""

    def on_bar(self, bar, ctx):
        TEN = (10, 0)  # noqa: N806  # a name of the hook's own
        later = ctx.now >= ctx.session_open + 30 * MINUTE
        of_the_day = (ctx.time.hour, ctx.time.minute) >= TEN and ctx.time.date > date(25)
        moment = ctx.now * 1e-9 > dt.datetime(2024, 10, 2, tzinfo=dt.UTC).timestamp()
        if (later and of_the_day) or (moment and ctx.time > (20241125, 2024)):
            ctx.market(bar.symbol, 1.0)


def test_numbers_that_times_are_compared_with_are_not():
    check_use(Meant)
