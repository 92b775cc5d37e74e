"""Bars and dividends of Yahoo come through yfinance itself."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipeline.errors import ConfigError, DataError, FetchError
from pipeline.market.catalog.catalog import Catalog
from tests.fetch.service import Asked, Fetching, Reply

yfinance = pytest.importorskip(
    "yfinance", reason="yfinance is not installed: pip install 'ringtape[yfinance]'"
)

NEW_YORK = ZoneInfo("America/New_York")
NONE = {"chart": {"result": None, "error": {"code": "Not Found", "description": "No data found"}}}
DIVIDEND = date(2024, 2, 9)
SPLIT = date(2024, 2, 20)


def opened(day: date) -> int:
    moment = datetime(day.year, day.month, day.day, 9, 30, tzinfo=NEW_YORK)
    return int(moment.timestamp())


def moments(asked: Asked) -> list[int]:
    """Return the opens of the bars that are asked for: of weekdays, or of 40 minutes of each."""
    begin, end = int(asked.query["period1"]), int(asked.query["period2"])
    first = datetime.fromtimestamp(begin, NEW_YORK).date()
    days = [first + timedelta(n) for n in range((end - begin) // 86_400 + 2)]
    opens = [opened(day) for day in days if day.weekday() < 5]
    if asked.query["interval"] != "1d":
        opens = [at + 60 * minute for at in opens for minute in range(40)]
    return [at for at in opens if begin <= at < end]


def chart(asked: Asked, times: list[int]) -> dict[str, object]:
    day = datetime.fromtimestamp(times[-1], NEW_YORK).date() if times else date(2024, 2, 1)
    hours = {"timezone": "EST", "start": opened(day), "end": opened(day) + 23_400}
    hours["gmtoffset"] = -18_000
    prices = [100 + at // 60 % 40 for at in times]
    quote = {
        "open": prices,
        "high": [price + 2.5 for price in prices],
        "low": [price - 1 for price in prices],
        "close": [price + 1 for price in prices],
        "volume": [1000] * len(times),
    }
    events = {
        "dividends": {str(opened(DIVIDEND)): {"amount": 0.24, "date": opened(DIVIDEND)}},
        "splits": {
            str(opened(SPLIT)): {
                "date": opened(SPLIT),
                "numerator": 2.0,
                "denominator": 1.0,
                "splitRatio": "2:1",
            }
        },
    }
    meta = {
        "currency": "USD",
        "symbol": "AAPL",
        "exchangeName": "NMS",
        "instrumentType": "EQUITY",
        "firstTradeDate": 345_479_400,
        "regularMarketTime": opened(day),
        "gmtoffset": -18_000,
        "timezone": "EST",
        "exchangeTimezoneName": "America/New_York",
        "regularMarketPrice": 100.0,
        "priceHint": 2,
        "currentTradingPeriod": {"pre": hours, "regular": hours, "post": hours},
        "dataGranularity": asked.query.get("interval", "1d"),
        "range": "",
        "validRanges": ["1d", "5d", "1mo", "max"],
    }
    if asked.query.get("interval") != "1d":
        days = sorted({datetime.fromtimestamp(at, NEW_YORK).date() for at in times})
        meta["tradingPeriods"] = [
            [{**hours, "start": opened(one), "end": opened(one) + 23_400}] for one in days
        ]
    indicators = {"quote": [quote], "adjclose": [{"adjclose": [p * 0.9 for p in prices]}]}
    result = {"meta": meta, "timestamp": times, "events": events, "indicators": indicators}
    return {"chart": {"result": [result], "error": None}}


def yahoo(asked: Asked) -> Reply | None:
    """Answer as Yahoo, which knows AAPL."""
    if asked.path == "/v1/test/getcrumb":
        return Reply("CrUmB.sEcReT")
    if not asked.path.startswith("/v8/finance/chart/"):
        return None
    if not asked.path.endswith("/AAPL"):
        return Reply(NONE, 404)
    if "period1" not in asked.query:
        return Reply(chart(asked, [opened(date(2024, 3, 1))]))
    return Reply(chart(asked, moments(asked)))


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory):
    """What yfinance keeps of cookies and zones goes to a folder of the tests."""
    yfinance.set_tz_cache_location(str(tmp_path_factory.mktemp("yfinance")))


@pytest.fixture
def fetch(service, tmp_path):
    service.answer = yahoo
    return Fetching(service, tmp_path, "yfinance", "2024-06-20T12:00")


ASKED = {"interval": "1d", "start": "2024-01-01", "end": "2024-03-01"}
DAYS = 23 + 21


def pages(service) -> list[Asked]:
    return [one for one in service.asked if "period1" in one.query]


def test_days_are_imported_with_prices_that_are_adjusted_for_splits_alone(fetch, tmp_path):
    result = fetch("AAPL", **ASKED)
    (series,) = result.series
    assert (series.symbol, series.interval, series.added) == ("AAPL", "1d", DAYS)
    assert series.account.adjusted.value == "splits"
    table = Catalog(tmp_path / "catalog").load("AAPL", "1d")
    assert str(table["ts"][0].as_py()) == "2024-01-01 00:00:00+00:00"
    assert table["close"][0].as_py() == 101 + opened(date(2024, 1, 1)) // 60 % 40


def test_dividends_come_in_beside_them_and_splits_do_not(fetch, tmp_path):
    (actions,) = fetch("AAPL", **ASKED).actions
    assert (actions.symbol, actions.splits, actions.dividends) == ("AAPL", 0, 1)
    table = Catalog(tmp_path / "catalog").actions("AAPL")
    assert table.dividend.tolist() == [0.24]
    again = fetch("AAPL", **ASKED)
    assert (again.fetched, again.reused, again.actions[0].unchanged) == (0, 1, 1)


def test_minutes_are_asked_for_in_parts_of_a_week(fetch, service, tmp_path):
    result = fetch("AAPL", interval="1m", start="2024-02-12", end="2024-02-24")
    assert len(pages(service)) == 2
    assert result.series[0].added == 10 * 40
    table = Catalog(tmp_path / "catalog").load("AAPL", "1m")
    assert table["ts"][0].as_py() == datetime(2024, 2, 12, 14, 30, tzinfo=UTC)


def test_crumbs_are_not_written(fetch, service, tmp_path):
    fetch("AAPL", **ASKED)
    assert any(one.query.get("crumb") == "CrUmB.sEcReT" for one in pages(service))
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"period1=" in written
    assert b"sEcReT" not in written


def test_a_busy_yahoo_is_waited_for_and_then_given_up(fetch, service):
    left = [Reply(status=429, headers={"Retry-After": "20"}), Reply(status=503)]
    service.answer = lambda asked: left.pop() if left and "period1" in asked.query else yahoo(asked)
    assert fetch("AAPL", **ASKED).series[0].added == DAYS
    assert fetch.clock.waits == [1.0, 20.0]
    service.answer = lambda asked: Reply(status=429) if "period1" in asked.query else yahoo(asked)
    with pytest.raises(FetchError, match=r"^yfinance: .*AAPL\?period1=.* answered 429, in 6 att"):
        fetch("AAPL", raw=fetch.folder / "other", **ASKED)


def test_an_interrupted_fetch_goes_on_behind_the_parts_that_are_there(fetch, service):
    asked = {"interval": "1m", "start": "2024-02-12", "end": "2024-02-24"}
    later = str(opened(date(2024, 2, 16)))
    service.answer = lambda one: (
        Reply(status=500) if one.query.get("period1", "0") > later else yahoo(one)
    )
    with pytest.raises(FetchError, match="answered 500"):
        fetch("AAPL", **asked)
    service.answer = yahoo
    result = fetch("AAPL", **asked)
    assert (result.fetched, result.reused, result.series[0].added) == (1, 1, 400)


def test_today_is_left_out_until_its_day_is_over(fetch):
    fetch.clock.time = int(datetime(2024, 2, 29, 22, tzinfo=UTC).timestamp()) * 10**9
    result = fetch("AAPL", **ASKED)
    assert result.series[0].added == DAYS - 1
    (note,) = result.notes
    assert "AAPL 1d, 2024-02-29T00:00:00Z, had not ended" in note


def test_a_symbol_that_yahoo_does_not_know_is_named(fetch, tmp_path):
    with pytest.raises(DataError, match=r"^yfinance knows no symbol NOSUCH: "):
        fetch("AAPL", "NOSUCH", **ASKED)
    assert not (tmp_path / "catalog").exists()


def test_the_reason_that_yahoo_gives_is_told(fetch, service):
    why = "1m data not available: only 8 days worth of 1m granularity data are allowed"
    error = {"chart": {"result": None, "error": {"code": "Unprocessable", "description": why}}}
    service.answer = lambda asked: Reply(error, 422) if "period1" in asked.query else yahoo(asked)
    with pytest.raises(DataError, match="only 8 days worth"):
        fetch("AAPL", **(ASKED | {"interval": "1m"}))


def test_an_interval_that_yahoo_does_not_have_is_told(fetch):
    with pytest.raises(ConfigError, match="yfinance has no interval 3m; it has 1m, 2m"):
        fetch("AAPL", **(ASKED | {"interval": "3m"}))
