from __future__ import annotations

import datetime as dt
import itertools
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.market.importers.times.readers import open_times
from pipeline.market.importers.times.result import (
    EMPTY,
    FINE,
    IMPOSSIBLE,
    NEVER,
    NO_ZONE,
    TWICE,
    UNREADABLE,
    Times,
)
from tests.market.importers.times.written import BLANKS, CLOCKS, WAYS, cut, moments, ns

ZONES = ("US/Eastern", "America/New_York", "Europe/Athens", "EST", "GMT+0100", "+05:30", "UTC", "Z")


def array(*rows: str | None) -> pa.Array:
    return pa.array(rows, pa.string())


def read(*rows: str | None, order: str | None = None) -> Times:
    return open_times(array(*rows), date_order=order).read(array(*rows))


def clock(text: str) -> int:
    return ns(dt.datetime.fromisoformat(text))


@given(data=st.data())
def test_a_time_written_in_any_form_is_read_back(data: st.DataObject) -> None:
    way = data.draw(st.sampled_from(WAYS))
    name = data.draw(st.sampled_from([None, *CLOCKS]))
    between = data.draw(st.sampled_from(BLANKS))
    around = data.draw(st.sampled_from(["", " ", "\t"]))
    whens = data.draw(st.lists(moments(), min_size=1, max_size=30))
    seconds, time = CLOCKS[name] if name is not None else (0, lambda _: "")
    if name is None:
        whens = [dt.datetime.combine(when, dt.time()) for when in whens]
        between = ""
    rows = [f"{around}{way.date(when)}{between}{time(when)}{around}" for when in whens]
    reader = open_times(array(*rows), date_order=way.order)
    times = reader.read(array(*rows))
    assert times.fault.tolist() == [FINE] * len(rows), rows
    assert times.wall.tolist() == [ns(cut(when, seconds)) for when in whens]
    assert times.utc is None
    assert reader.timed == (name is not None)


@given(
    whens=st.lists(moments(), min_size=1, max_size=20),
    zones=st.lists(st.sampled_from(ZONES), min_size=1, max_size=3),
    blank=st.sampled_from([" ", "  ", "\t"]),
)
def test_a_time_with_a_zone_is_the_instant_of_it(
    whens: list[dt.datetime], zones: list[str], blank: str
) -> None:
    whens = [cut(when, 1) for when in whens]
    named = [zones[row % len(zones)] for row in range(len(whens))]
    rows = [f"{when:%Y%m%d %H:%M:%S}{blank}{zone}" for when, zone in zip(whens, named, strict=True)]
    times = read(*rows)
    assert times.utc is not None
    fixed = {"EST": -300, "GMT+0100": 60, "+05:30": 330, "UTC": 0, "Z": 0}
    for row, (when, zone) in enumerate(zip(whens, named, strict=True)):
        if zone in fixed:
            expected = [when - dt.timedelta(minutes=fixed[zone])] * 2
        else:
            both = (when.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
            expected = [one.astimezone(dt.UTC).replace(tzinfo=None) for one in both]
        if expected[0] == expected[1]:
            assert times.fault[row] == FINE
            assert times.wall[row] == ns(when)
            assert times.utc[row] == ns(expected[0])
        else:
            assert times.fault[row] in (TWICE, NEVER)


ISO = st.sampled_from(
    ["2024-11-04", "2024-11-04 09:30", "2024-11-04T09:30:00Z", "2024-11-04 09:30:00.5+01:00"]
)


@given(data=st.data(), form=ISO)
def test_the_plain_form_is_read_as_any_form_is(data: st.DataObject, form: str) -> None:
    """A null among the rows sends all of them the slow way."""
    rows = []
    for _ in range(data.draw(st.integers(1, 5))):
        text = list(form)
        for _ in range(data.draw(st.integers(0, 2))):
            place = data.draw(st.integers(0, len(text) - 1))
            text[place] = data.draw(st.sampled_from([*"0123456789:-T +.Zz", ""]))
        rows.append("".join(text))
    fast = open_times(array(form)).read(array(*rows))
    slow = open_times(array(form)).read(array(*rows, None))
    assert fast.fault.tolist() == slow.fault.tolist()[:-1], rows
    assert fast.wall.tolist() == slow.wall.tolist()[:-1], rows
    if fast.utc is not None and slow.utc is not None:
        assert fast.utc.tolist() == slow.utc.tolist()[:-1], rows


@given(rows=st.lists(st.text(max_size=20), min_size=1, max_size=5), form=ISO)
def test_any_text_is_read_or_has_a_fault_that_is_explained(rows: list[str], form: str) -> None:
    reader = open_times(array(form))
    times = reader.read(array(*rows))
    for row, fault in zip(rows, times.fault.tolist(), strict=True):
        if fault != FINE:
            assert reader.explain(row).startswith(("time ", "the time "))


@given(whens=st.lists(moments(), min_size=1, max_size=30), cuts=st.lists(st.integers(0, 30)))
def test_blocks_give_what_the_whole_gives(whens: list[dt.datetime], cuts: list[int]) -> None:
    rows = array(*(f"{when:%d/%m/%Y %H:%M}" for when in whens))
    whole = open_times(rows, date_order="dmy").read(rows)
    reader = open_times(rows, date_order="dmy")
    edges = sorted({0, len(rows), *(edge for edge in cuts if edge < len(rows))})
    parts = [
        reader.read(rows.slice(begin, end - begin)) for begin, end in itertools.pairwise(edges)
    ]
    assert [ns for part in parts for ns in part.wall.tolist()] == whole.wall.tolist()


@pytest.mark.parametrize(
    ("text", "wall"),
    [
        ("20120309 165900", "2012-03-09T16:59:00"),
        ("20260320  09:30:00", "2026-03-20T09:30:00"),
        ("20240102T093000.123456789", "2024-01-02T09:30:00.123456"),
        ("20240102-09:30:00", "2024-01-02T09:30:00"),
        ("20240102093000123", "2024-01-02T09:30:00.123"),
        ("2022/07/01 24:00", "2022-07-02T00:00:00"),
        ("2022-12-31 24:00:00", "2023-01-01T00:00:00"),
        ("2019-12-17 04-PM", "2019-12-17T16:00:00"),
        ("1/2/2018 12:05 a.m.", "2018-01-02T00:05:00"),
        ("12/25/70", "1970-12-25T00:00:00"),
        ("Sept 1, 2018", "2018-09-01T00:00:00"),
        ("January 19, 2018 09:30", "2018-01-19T09:30:00"),
        ("2017-3-3 13:2:0", "2017-03-03T13:02:00"),
    ],
)
def test_forms_of_known_vendors(text: str, wall: str) -> None:
    times = read(text, order="mdy")
    assert times.fault.tolist() == [FINE]
    assert times.wall[0] // 1000 == clock(wall) // 1000


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("20260320 09:30:00 US/Eastern", "2026-03-20T13:30:00"),
        ("20260306 09:30:00 America/New_York", "2026-03-06T14:30:00"),
        ("20260320 09:30:00 EST", "2026-03-20T14:30:00"),
        ("20260320 09:30:00 Etc/GMT+5", "2026-03-20T14:30:00"),
        ("20260320 09:30:00 GMT+01:00", "2026-03-20T08:30:00"),
        ("01.01.2019 00:00:00.000 GMT+0100", "2018-12-31T23:00:00"),
        ("20260320 09:30:00 UTC+8", "2026-03-20T01:30:00"),
        ("2026-03-20Z", "2026-03-20T00:00:00"),
        ("03/20/2026 UTC", "2026-03-20T00:00:00"),
        ("03/20/2026 9:30:00 PMZ", "2026-03-20T21:30:00"),
        ("2026-03-20T09:30:00-04:00[America/New_York]", "2026-03-20T13:30:00"),
        ("Fri Mar 20 2026 09:30:00 GMT-0400 (Eastern Daylight Time)", "2026-03-20T13:30:00"),
    ],
)
def test_zones_after_the_time(text: str, utc: str) -> None:
    times = read(text, order="mdy")
    assert times.utc is not None
    assert times.fault.tolist() == [FINE]
    assert times.utc[0] == clock(utc)


def test_a_row_of_another_form_is_not_read() -> None:
    rows = ("2024-11-04 09:30", "Ticker", "", "2024-11-05", "2024/11/04 09:30", "04.11.2024 09:30")
    times = read("2024-11-04 09:31", *rows)
    assert times.fault.tolist() == [FINE, FINE, UNREADABLE, EMPTY, *[UNREADABLE] * 3]
    assert times.unread.tolist() == [False, False, *[True] * 5]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "time is empty"),
        ("NaT", "time is empty"),
        ("Ticker", "time must be like '2024-11-04 09:30', was 'Ticker'"),
        ("2024-07-01 25:00", "the time '2024-07-01 25:00' does not exist"),
        ("2024-07-01 24:01", "the time '2024-07-01 24:01' does not exist"),
        ("2023-02-29 10:00", "the time '2023-02-29 10:00' does not exist"),
    ],
)
def test_a_fault_is_explained(text: str, words: str) -> None:
    reader = open_times(array("2024-11-04 09:30"))
    assert reader.read(array(text)).unread.all()
    assert reader.explain(text) == words


@pytest.mark.parametrize(
    ("text", "fault", "words"),
    [
        ("20241103 01:30:00 US/Eastern", TWICE, "occurs twice in its zone"),
        ("20240310 02:30:00 US/Eastern", NEVER, "occurs never in its zone"),
        ("20240310 09:30:00 Mars/Base", NO_ZONE, "names no known time zone"),
        ("20240310 09:30:00 CST", NO_ZONE, "names no known time zone"),
    ],
)
def test_a_fault_of_a_zone_is_explained(text: str, fault: int, words: str) -> None:
    reader = open_times(array("20240304 09:30:00 US/Eastern"))
    assert reader.read(array(text)).fault.tolist() == [fault]
    assert words in reader.explain(text)


def test_a_weekday_that_is_not_that_of_the_date_does_not_exist() -> None:
    times = read("Fri Jan 19 2018", "Thu Jan 19 2018", "Sat Jan 20 2018")
    assert times.fault.tolist() == [FINE, IMPOSSIBLE, FINE]


def test_a_short_year_is_none_of_the_future() -> None:
    assert read("17/03/31", order="dmy").fault.tolist() == [IMPOSSIBLE]


def test_the_order_of_day_and_month_is_asked_for_where_no_row_shows_it() -> None:
    rows = array("3/4/2017", "5/6/2017")
    reader = open_times(rows)
    assert reader.verdict == "unknown"
    with pytest.raises(DataError, match=r"'3/4/2017' can be .*--date-order mdy or dmy"):
        reader.read(rows)
    reader.gather(array("7/25/2017"))
    assert reader.verdict == "mdy"
    assert reader.read(rows).wall.tolist() == [clock("2017-03-04"), clock("2017-05-06")]
    assert reader.explain("25/7/2017") == (
        "the time '25/7/2017' does not exist with the month first"
    )
    reader.gather(array("25/7/2017"))
    with pytest.raises(DataError, match="are of both orders"):
        reader.read(rows)
    reader.settle("dmy")
    assert reader.read(rows).wall.tolist() == [clock("2017-04-03"), clock("2017-06-05")]


@pytest.mark.parametrize(
    ("rows", "wall", "words"),
    [
        (("04.03.2024", "05.03.2024"), "2024-03-04", "DD.MM.YYYY"),
        (("04.03.2024", "04.13.2024"), "2024-04-03", "MM.DD.YYYY"),
        (("04.03.2024 09:30", "05.03.2024 09:30"), "2024-03-04T09:30", "DD.MM.YYYY HH:MM"),
    ],
)
def test_dates_with_dots_have_the_day_first_unless_the_rows_show_otherwise(
    rows: tuple[str, ...], wall: str, words: str
) -> None:
    reader = open_times(pa.array(rows))
    first = reader.read(pa.array(rows)).wall[0]
    assert first == np.datetime64(wall, "ns").astype(np.int64)
    assert reader.words() == words


def test_dates_with_dots_and_a_year_of_two_digits_are_asked_about() -> None:
    rows = pa.array(["04.03.12", "05.03.12"])
    with pytest.raises(DataError, match="month first, day first or year first; say which"):
        open_times(rows).read(rows)


def test_a_year_of_two_digits_may_stand_in_front_if_the_user_says_so() -> None:
    rows = array("24/11/04 09:30", "98/02/28 16:00")
    with pytest.raises(DataError, match=r"day first or year first; .*--date-order mdy, dmy or ymd"):
        open_times(array("24/11/04 09:30")).read(rows)
    reader = open_times(rows, date_order="ymd")
    assert reader.words() == "YY/MM/DD HH:MM"
    assert reader.read(rows).wall.tolist() == [clock("2024-11-04T09:30"), clock("1998-02-28T16:00")]
    assert reader.explain("24/13/04 09:30").endswith("does not exist with the year first")
    assert read("04/11/2024", order="ymd").fault.tolist() == [IMPOSSIBLE]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["2024-11-04 09:30"], "ISO 8601"),
        (["2024-11-04 09:30Z"], "ISO 8601 with its zone"),
        (["20241104"], "YYYYMMDD"),
        (["13.04.2024 09:30"], "DD.MM.YYYY HH:MM"),
        (["Jan 19, 2018"], "Mon DD, YYYY"),
    ],
)
def test_the_form_is_told(rows: list[str], words: str) -> None:
    assert open_times(array(*rows)).words() == words


def test_numbers_that_are_dates_are_no_epochs() -> None:
    assert read("20240102", "20240103").wall.tolist() == [clock("2024-01-02"), clock("2024-01-03")]
    assert read("202401020930").wall.tolist() == [clock("2024-01-02T09:30")]
    assert read("946684800000").wall.tolist() == [clock("2000-01-01")]


def test_a_digit_that_a_padded_field_lacks_makes_another_form() -> None:
    damaged = ["2024-11-04 9:30", "2024-11-04 19:3", "2024-1-14 09:30", "2024-11-4 09:30"]
    times = read("2024-11-04 09:30", "2024-01-04 09:05", "2024-01-04 09:06", *damaged)
    assert times.fault.tolist() == [*[FINE] * 3, *[UNREADABLE] * 4]
    assert read("2024-11-14 19:30", "2024-1-4 9:5").fault.tolist() == [FINE, FINE]
    later = open_times(array("2024-11-14 19:30")).read(array("2024-1-4 9:5"))
    assert later.fault.tolist() == [FINE]


def test_garbage_of_many_shapes_is_not_read() -> None:
    rows = [f"{chr(97 + row % 26)}{chr(97 + row // 26 % 26)}{row}" for row in range(5_000)]
    times = read(*["2024-11-04 09:30"] * 10_000, *rows)
    assert times.fault.tolist() == [FINE] * 10_000 + [UNREADABLE] * 5_000


def test_more_rows_than_are_looked_at_together_are_read_as_each_is() -> None:
    few = ["2024-11-04 09:30", "2024-1-4 9:3", "soon", "", "2024-11-04 24:00", "2024-11-04 25:00"]
    reader = open_times(array("2024-11-04 09:30"))
    one = reader.read(array(*few))
    many = reader.read(array(*few * 20_000))
    assert many.fault.tolist() == one.fault.tolist() * 20_000
    assert many.wall.tolist() == one.wall.tolist() * 20_000


@pytest.mark.parametrize("kind", [pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_text_of_other_arrow_types_is_read(kind: pa.DataType) -> None:
    rows = array("2024-11-04 09:30", "soon").cast(kind)
    assert open_times(rows).read(rows).fault.tolist() == [FINE, UNREADABLE]
