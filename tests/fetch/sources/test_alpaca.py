"""Bars of Alpaca come through its own client; keys stay in the headers of requests."""

import gzip
import json
from datetime import datetime, timedelta

import pytest

from pipeline.errors import ConfigError, DataError, FetchError
from pipeline.market.catalog.catalog import Catalog
from tests.fetch.service import Asked, Fetching, Reply

pytest.importorskip("alpaca", reason="alpaca-py is not installed: pip install 'ringtape[alpaca]'")

KEYS = {"APCA_API_KEY_ID": "PKTESTKEY0123456789", "APCA_API_SECRET_KEY": "sEcReT/of+nobody"}
#: The bars of one reply.
FULL = 700


def bar(at: datetime) -> dict[str, object]:
    price = 180 + at.hour + at.minute / 100
    return {
        "c": price + 0.5,
        "h": price + 1,
        "l": price - 1,
        "n": 41,
        "o": price,
        "t": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "v": 1200,
        "vw": price + 0.1,
    }


def moments(asked: Asked) -> list[datetime]:
    """Return the opens of the bars that are asked for, of weekdays from 14:00Z to 15:00Z."""
    start, end = (
        datetime.fromisoformat(asked.query[name]).replace(tzinfo=None) for name in ("start", "end")
    )
    if asked.query["timeframe"] == "1Day":
        first, step = start.replace(hour=5), timedelta(days=1)
    else:
        first, step = start, timedelta(minutes=1)
    count = (end - first) // step + 1
    all_of_them = (first + number * step for number in range(count))
    return [at for at in all_of_them if at.weekday() < 5 and (step.days or at.hour == 14)]


def market(asked: Asked) -> Reply | None:
    """Answer as the market data of Alpaca, which knows AAPL and BTC/USD."""
    if asked.path not in ("/v2/stocks/bars", "/v1beta3/crypto/us/bars"):
        return None
    symbol = asked.query["symbols"]
    if symbol == "x!":
        return Reply({"message": "invalid symbol: x!"}, 400)
    if symbol not in ("AAPL", "BTC/USD"):
        return Reply({"bars": {}, "next_page_token": None})
    begin = int(asked.query.get("page_token", "0"))
    bars = [bar(at) for at in moments(asked)]
    more = begin + FULL if begin + FULL < len(bars) else None
    token = None if more is None else str(more)
    return Reply({"bars": {symbol: bars[begin : begin + FULL]}, "next_page_token": token})


@pytest.fixture
def fetch(service, tmp_path, monkeypatch):
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    service.answer = market
    return Fetching(service, tmp_path, "alpaca", "2024-06-20T12:00")


ASKED = {"interval": "1m", "start": "2024-01-01", "end": "2024-03-01"}
#: Weekdays of January and February.
DAYS = 23 + 21


def test_all_pages_of_all_parts_are_joined(fetch, service, tmp_path):
    result = fetch("AAPL", **ASKED)
    (series,) = result.series
    assert series.added == DAYS * 60
    assert (result.fetched, result.reused) == (len(service.asked), 0) == (4, 0)
    table = Catalog(tmp_path / "catalog").load("AAPL", "1m")
    assert table["ts"][0].as_py().isoformat() == "2024-01-01T14:00:00+00:00"
    assert table["close"][0].as_py() == 194.5


def test_unadjusted_prices_are_asked_for_and_the_account_says_so(fetch, service):
    result = fetch("AAPL", **ASKED)
    assert {asked.query["adjustment"] for asked in service.asked} == {"raw"}
    account = result.series[0].account
    assert (account.adjusted.value, account.stamped.value, account.clock.value) == (
        *("no", "open", "UTC"),
    )


def test_keys_are_sent_in_headers_and_written_nowhere(fetch, service, tmp_path):
    fetch("AAPL", **ASKED)
    assert {asked.headers["APCA-API-SECRET-KEY"] for asked in service.asked} == {
        KEYS["APCA_API_SECRET_KEY"]
    }
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not any(key.encode() in written for key in KEYS.values())


def test_a_refusal_that_repeats_the_keys_is_told_without_them(fetch, service):
    service.answer = lambda asked: Reply({"message": f"forbidden: {asked.headers}"}, 403)
    with pytest.raises(FetchError, match="alpaca refuses AAPL by the keys in APCA_API_KEY_ID") as e:
        fetch("AAPL", **ASKED)
    assert not any(key in str(e.value) for key in KEYS.values())


@pytest.mark.parametrize("name", KEYS)
def test_a_key_that_is_not_set_is_named_before_anything_is_asked(fetch, service, monkeypatch, name):
    monkeypatch.delenv(name)
    with pytest.raises(ConfigError, match=f"keys for shares: set {name} in the environment"):
        fetch("BTC/USD", "AAPL", **ASKED)
    assert not service.asked


def test_crypto_currencies_need_no_keys(fetch, monkeypatch, service):
    for name in KEYS:
        monkeypatch.delenv(name)
    assert fetch("BTC/USD", **ASKED).series[0].symbol == "BTC/USD"
    assert "APCA-API-KEY-ID" not in service.asked[0].headers


def test_a_busy_service_is_waited_for(fetch, service):
    service.first += [Reply(status=429, headers={"Retry-After": "12"}), Reply(status=502)]
    assert fetch("AAPL", **ASKED).series[0].added == DAYS * 60
    assert fetch.clock.waits == [12.0, 2.0]


def test_an_interrupted_fetch_goes_on_behind_the_parts_that_are_there(fetch, service):
    service.answer = lambda asked: (
        Reply(status=503) if asked.query["start"].startswith("2024-01-31") else market(asked)
    )
    with pytest.raises(FetchError, match=r"answered 503, in 6 attempts"):
        fetch("AAPL", **ASKED)
    service.answer = market
    result = fetch("AAPL", **ASKED)
    assert (result.fetched, result.reused) == (2, 2)
    assert result.series[0].added == DAYS * 60


def test_days_have_the_dates_of_new_york_and_today_is_left_out(fetch, tmp_path):
    fetch.clock.time += 10 * 3600 * 10**9  # 22:00Z, when the session is over and its bar may change
    result = fetch("AAPL", interval="1d", start="2024-06-17", end="2024-06-21")
    table = Catalog(tmp_path / "catalog").load("AAPL", "1d")
    assert [str(day)[:10] for day in table["ts"].to_pylist()] == [
        *("2024-06-17", "2024-06-18", "2024-06-19"),
    ]
    (note,) = result.notes
    assert "AAPL 1d, 2024-06-20T00:00:00Z, had not ended" in note


def test_days_of_crypto_currencies_keep_the_instants_at_which_they_begin(fetch, tmp_path):
    fetch("BTC/USD", interval="1d", start="2024-06-10", end="2024-06-15")
    table = Catalog(tmp_path / "catalog").load("BTC/USD", "1d")
    assert [str(ts) for ts in table["ts"].to_pylist()[:2]] == [
        *("2024-06-10 05:00:00+00:00", "2024-06-11 05:00:00+00:00"),
    ]


def test_a_reply_that_was_packed_on_its_way_is_kept_unpacked(fetch, service, tmp_path):
    def packed(asked: Asked) -> Reply | None:
        body = json.dumps(market(asked).body).encode()
        return Reply(gzip.compress(body), headers={"Content-Encoding": "gzip"})

    service.answer = packed
    fetch("AAPL", **ASKED)
    file = next((tmp_path / "raw" / "alpaca").glob("*.json"))
    assert set(json.loads(file.read_bytes())) == {"bars", "next_page_token"}
    assert fetch("AAPL", **ASKED).reused == 4


def test_a_symbol_that_is_not_there_is_named(fetch):
    with pytest.raises(DataError, match=r"^alpaca has no bars of NOSUCH 1m .* or does not know"):
        fetch("NOSUCH", **ASKED)
    with pytest.raises(DataError, match=r"^alpaca does not take the symbol x!: .*invalid symbol"):
        fetch("x!", **ASKED)


def test_replies_that_overlap_give_each_bar_once_and_different_ones_are_refused(fetch, service):
    def late_end(asked: Asked) -> Reply | None:
        asked.query["end"] = asked.query["end"].replace("2024-01-30", "2024-02-02")
        return market(asked)

    service.answer = late_end
    assert fetch("AAPL", **ASKED).series[0].added == DAYS * 60

    def other(asked: Asked) -> Reply | None:
        reply = late_end(asked)
        if asked.query["start"].startswith("2024-01-31"):
            reply.body["bars"]["AAPL"][0]["c"] = 180.25
        return reply

    service.answer = other
    fetch.clock.time += 10**9
    with pytest.raises(DataError) as caught:
        fetch("AAPL", raw=fetch.folder / "other", **ASKED)
    told = str(caught.value)
    assert told.startswith("alpaca contradicts itself: AAPL 1m at 2024-01-31T14:00:00Z has the cl")
    assert "180.25 in AAPL-1m-20240131-" in told


def test_a_reply_that_breaks_off_is_asked_for_again(fetch, service):
    service.first.append(Reply(b'{"bars": {', says_more=50))
    assert fetch("AAPL", **ASKED).series[0].added == DAYS * 60
    assert fetch.clock.waits == [1.0]


def test_lines_tell_addresses_with_their_pages(fetch, tmp_path, service):
    fetch("AAPL", **ASKED)
    lines = (tmp_path / "raw" / "alpaca" / "replies.jsonl").read_text().splitlines()
    addresses = [json.loads(line)["address"] for line in lines]
    assert len(set(addresses)) == len(addresses) == 4
    assert sum("page_token=700" in address for address in addresses) == 2
