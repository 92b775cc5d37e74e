"""Bars of exchanges come through ccxt itself, here in the form of Bitstamp's API."""

import json

import pytest

from pipeline.errors import ConfigError, DataError, FetchError
from pipeline.market.catalog.catalog import Catalog
from tests.fetch.service import Asked, Fetching, Reply

pytest.importorskip("ccxt", reason="ccxt is not installed: pip install 'ringtape[ccxt]'")

HOUR = 3600
#: 2024-01-01
START = 1_704_067_200
MARKETS = [
    {
        "name": name,
        "market_symbol": name.replace("/", "").lower(),
        "base_currency": name[:3],
        "base_decimals": 8,
        "counter_currency": "USD",
        "counter_decimals": 2,
        "minimum_order_value": "10",
        "trading": "Enabled",
        "market_type": "SPOT",
        "description": name.replace("/", " / "),
    }
    for name in ("BTC/USD", "ETH/USD")
]


def candle(at: int) -> dict[str, str]:
    price = 100 + (at - START) // HOUR % 50
    return {
        "timestamp": str(at),
        "open": f"{price}",
        "high": f"{price + 2}.5",
        "low": f"{price - 1}",
        "close": f"{price + 1}",
        "volume": "1.25",
    }


def exchange(begin: int = START, before: int = 0, until: int = 2 * START):
    """Answer as the exchange, whose bars are those from ``begin`` to ``until``.

    It gives some more, ``before`` what is asked for.
    """

    def answer(asked: Asked) -> Reply | None:
        if asked.path == "/api/v2/markets/":
            return Reply(MARKETS)
        if asked.path.startswith("/api/v2/ohlc/"):
            first = int(asked.query["start"]) - before * HOUR
            last = min(int(asked.query["end"]), first + (int(asked.query["limit"]) - 1) * HOUR)
            times = range(first, last + 1, HOUR)
            return Reply({"data": {"ohlc": [candle(at) for at in times if begin <= at <= until]}})
        return None

    return answer


@pytest.fixture
def fetch(service, tmp_path):
    service.answer = exchange()
    return Fetching(service, tmp_path, "ccxt:bitstamp", "2024-03-01T00:00")


ASKED = {"interval": "1h", "start": "2024-01-01", "end": "2024-02-20"}


def test_pages_are_joined_to_one_series(fetch, tmp_path):
    result = fetch("BTC/USD", "ETH/USD", **ASKED)
    one, other = result.series
    assert (one.symbol, other.symbol) == ("BTC/USD", "ETH/USD")
    assert one.added == other.added == 50 * 24
    table = Catalog(tmp_path / "catalog").load("BTC/USD", "1h")
    assert table["open"].to_pylist()[:3] == [100.0, 101.0, 102.0]
    assert (result.fetched, result.reused) == (4, 0)
    account = one.account
    assert (account.clock.value, account.stamped.value, account.adjusted.value) == (
        *("UTC", "open", "no"),
    )


def test_replies_are_kept_as_they_came_with_a_line_each(fetch, tmp_path, service):
    fetch("BTC/USD", **ASKED)
    folder = tmp_path / "raw" / "ccxt-bitstamp"
    first, second = map(json.loads, (folder / "replies.jsonl").read_text().splitlines())
    assert first["time"] == "2024-03-01T00:00:00Z"
    assert first["address"].startswith(f"{service.address}/api/v2/ohlc/btcusd/?step=3600")
    told = json.loads((folder / second["file"]).read_bytes())["data"]["ohlc"]
    assert told[-1]["timestamp"] >= str(START + 49 * 24 * HOUR)
    assert (first["status"], len(first["sha256"])) == (200, 64)


def test_the_exchange_is_given_the_time_that_it_wants_between_requests(fetch):
    fetch("BTC/USD", **ASKED)
    assert fetch.clock.waits
    assert all(0 < seconds < 10 for seconds in fetch.clock.waits)


def test_a_second_fetch_asks_for_no_page_again(fetch, service, tmp_path):
    fetch("BTC/USD", **ASKED)
    service.asked.clear()
    fetch.clock.waits.clear()
    result = fetch("BTC/USD", **ASKED)
    assert fetch.clock.waits == []
    assert not [path for path in service.paths if "ohlc" in path]
    assert (result.fetched, result.reused) == (0, 2)
    assert result.series[0].unchanged == 50 * 24


def test_an_interrupted_fetch_goes_on_behind_the_pages_that_are_there(fetch, service, tmp_path):
    answer = service.answer

    def breaks(asked: Asked) -> Reply | None:
        return Reply(status=503) if asked.query.get("start", "0") > str(START) else answer(asked)

    service.answer = breaks
    with pytest.raises(FetchError, match="in 6 attempts over 31 s; the same command goes on"):
        fetch("BTC/USD", **ASKED)
    assert not (tmp_path / "catalog").exists()
    service.answer = answer
    result = fetch("BTC/USD", **ASKED)
    assert (result.fetched, result.reused) == (1, 1)


def test_a_page_whose_file_was_changed_is_fetched_again(fetch, tmp_path):
    fetch("BTC/USD", **ASKED)
    file = next((tmp_path / "raw" / "ccxt-bitstamp").glob("*.json"))
    file.write_bytes(file.read_bytes()[:-5])
    result = fetch("BTC/USD", **ASKED)
    assert (result.fetched, result.reused) == (1, 1)


def test_pages_that_overlap_give_each_bar_once(fetch, service):
    service.answer = exchange(before=30)
    assert fetch("BTC/USD", **ASKED).series[0].added == 50 * 24


def test_the_last_bar_is_left_out_while_it_forms(fetch, service, tmp_path):
    fetch.clock.time = (START + 5 * HOUR + 1800) * 10**9
    service.answer = exchange(until=START + 5 * HOUR)
    today = {"interval": "1h", "start": "2024-01-01", "end": "2024-01-02"}
    result = fetch("BTC/USD", **today)
    assert result.series[0].added == 5
    (note,) = result.notes
    assert note == (
        "The last bar of BTC/USD 1h, 2024-01-01T05:00:00Z, had not ended when it was fetched, and "
        "is left out."
    )
    fetch.clock.time += HOUR * 10**9
    service.answer = exchange(until=START + 6 * HOUR)
    result = fetch("BTC/USD", **today)
    assert (result.series[0].added, result.reused) == (1, 0)


def test_bars_that_begin_late_are_told(fetch, service):
    service.answer = exchange(begin=START + 30 * 24 * HOUR)
    result = fetch("BTC/USD", **ASKED)
    assert result.series[0].added == 20 * 24
    (note,) = result.notes
    assert note == (
        "The first bar of BTC/USD 1h that ccxt:bitstamp gives is of 2024-01-31; 2024-01-01 was "
        "asked for."
    )


def test_a_symbol_without_bars_is_named(fetch, service):
    service.answer = exchange(begin=START * 2)
    with pytest.raises(DataError, match=r"^ccxt:bitstamp has no bars of BTC/USD 1h from 2024-01-0"):
        fetch("BTC/USD", **ASKED)


def test_a_symbol_that_the_exchange_does_not_know_is_named_with_the_nearest(fetch, service):
    with pytest.raises(DataError, match=r"knows no symbol BTC/USDT; did you mean BTC/USD\?"):
        fetch("ETH/USD", "BTC/USDT", **ASKED)
    assert service.paths == ["/api/v2/markets/"]


def test_an_exchange_that_says_busy_in_a_reply_is_asked_again(fetch, service, tmp_path):
    answer = service.answer
    busy = [
        Reply(status=429, headers={"Retry-After": "7"}),
        Reply({"status": "error", "reason": "Order could not be placed."}),
    ]

    def at_first(asked: Asked) -> Reply | None:
        return busy.pop(0) if "ohlc" in asked.path and busy else answer(asked)

    service.answer = at_first
    result = fetch("BTC/USD", **ASKED)
    assert (result.series[0].added, result.fetched) == (50 * 24, 2)
    assert 7.0 in fetch.clock.waits


@pytest.mark.parametrize(
    ("source", "options", "told"),
    [
        ("ccxt:bitstmp", {}, r"ccxt knows no exchange 'bitstmp'; did you mean ccxt:bitstamp\?"),
        ("ccxt", {}, "lacks what is behind its colon: the exchange, such as ccxt:kraken"),
        ("ccxt:bitstamp", {"interval": "8h"}, "ccxt:bitstamp has no interval 8h; it has 1m, 3m"),
    ],
)
def test_an_exchange_or_interval_that_is_not_there_is_told(fetch, source, options, told):
    fetch.source = source
    with pytest.raises(ConfigError, match=told):
        fetch("BTC/USD", **(ASKED | options))
