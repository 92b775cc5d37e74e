"""Files of Binance's archive are compared with their checksums, and imported as they are."""

import hashlib
import json
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError, DataError, FetchError
from pipeline.fetch.sources.binance_archive import files_of
from pipeline.market.catalog.catalog import Catalog
from tests.fetch.archive import archive
from tests.fetch.service import Asked, Fetching, Reply

ARCHIVE = "/data/spot"


@pytest.fixture
def fetch(service, tmp_path):
    service.answer = archive()
    return Fetching(service, tmp_path, "binance-archive", "2024-06-20T12:00")


ASKED = {"interval": "1h", "start": "2024-01-30", "end": "2024-03-02"}


def files(service) -> list[str]:
    return [path.rpartition("/")[2] for path in service.paths if path.endswith(".zip")]


def test_whole_months_are_fetched_as_such_and_the_days_around_them_one_by_one(fetch, service):
    result = fetch("BTCUSDT", **ASKED)
    assert [name.removeprefix("BTCUSDT-1h-") for name in files(service)] == [
        *("2024-01-30.zip", "2024-01-31.zip", "2024-02.zip", "2024-03-01.zip"),
    ]
    (series,) = result.series
    assert (series.symbol, series.interval, series.added) == ("BTCUSDT", "1h", 32 * 24)
    assert series.account.layout == "binance"
    assert (series.account.adjusted.value, series.account.clock.value) == ("no", "UTC")
    assert (result.fetched, result.reused, result.notes) == (4, 0, ())


def test_addresses_are_those_of_the_archive_also_of_futures(fetch, service):
    fetch("BTCUSDT", **ASKED)
    assert f"{ARCHIVE}/daily/klines/BTCUSDT/1h/BTCUSDT-1h-2024-01-30.zip" in service.paths
    assert f"{ARCHIVE}/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2024-02.zip.CHECKSUM" in service.paths
    fetch.source = "binance-archive:um"
    fetch("BTCUSDT", **ASKED)
    path = "/data/futures/um/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2024-02.zip"
    assert path in service.paths


def test_files_are_kept_with_a_line_of_time_address_status_and_hash(fetch, service, tmp_path):
    fetch("BTCUSDT", interval="1h", start="2024-02-01", end="2024-03-01")
    folder = tmp_path / "raw" / "binance-archive"
    (line,) = map(json.loads, (folder / "replies.jsonl").read_text().splitlines())
    body = (folder / "BTCUSDT-1h-2024-02.zip").read_bytes()
    assert line == {
        "time": "2024-06-20T12:00:00Z",
        "address": f"{service.address}{ARCHIVE}/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2024-02.zip",
        "status": 200,
        "bytes": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "file": "BTCUSDT-1h-2024-02.zip",
    }


def test_an_interrupted_fetch_goes_on_behind_the_files_that_are_there(fetch, service, tmp_path):
    whole = service.answer

    def told_to_end(*_: object) -> None:
        raise KeyboardInterrupt

    service.answer = lambda asked: Reply(status=503) if "2024-03" in asked.path else whole(asked)
    fetch.clock.sleep = told_to_end
    with pytest.raises(KeyboardInterrupt):
        fetch("BTCUSDT", **ASKED)
    assert not (tmp_path / "catalog").exists()
    service.answer = whole
    service.asked.clear()
    result = fetch("BTCUSDT", **ASKED)
    assert files(service) == ["BTCUSDT-1h-2024-03-01.zip"]
    assert (result.fetched, result.reused) == (1, 3)
    assert result.series[0].added == 32 * 24


def damaged(whole, change, times: int):
    """Answer with changed zips ``times``, and then with whole ones."""
    left = [times]

    def answer(asked: Asked) -> Reply | None:
        reply = whole(asked)
        if reply is not None and asked.path.endswith(".zip") and left[0]:
            left[0] -= 1
            return change(reply)
        return reply

    return answer


def cut(reply: Reply) -> Reply:
    return Reply(reply.body[: len(reply.body) // 2])


def test_a_truncated_zip_is_fetched_again_once(fetch, service):
    service.answer = damaged(service.answer, cut, 1)
    result = fetch("BTCUSDT", interval="1h", start="2024-02-01", end="2024-03-01")
    assert files(service) == ["BTCUSDT-1h-2024-02.zip"] * 2
    assert result.series[0].added == 29 * 24
    assert fetch.clock.waits == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (cut, r"bytes with the SHA-256 [0-9a-f]{12}, expected [0-9a-f]{12}"),
        (lambda reply: Reply(b"x" + reply.body[1:]), "bytes with the SHA-256"),
    ],
)
def test_a_zip_that_comes_damaged_twice_is_refused(fetch, service, tmp_path, change, told):
    service.answer = damaged(service.answer, change, 2)
    with pytest.raises(FetchError, match=rf"2024-02\.zip came damaged 2 times: [0-9,]* ?{told}"):
        fetch("BTCUSDT", interval="1h", start="2024-02-01", end="2024-03-01")
    assert not (tmp_path / "catalog").exists()
    assert not list(tmp_path.rglob("*.zip*"))


@pytest.mark.parametrize(
    ("checksum", "told"),
    [
        ("0" * 64 + "  name.zip", "expected 000000000000"),
        ("", "it has no checksum"),
        (None, "it has no checksum"),
    ],
)
def test_a_wrong_or_missing_checksum_is_refused(fetch, service, checksum, told):
    whole = service.answer

    def answer(asked: Asked) -> Reply | None:
        if asked.path.endswith(".CHECKSUM"):
            return None if checksum is None else Reply(checksum)
        return whole(asked)

    service.answer = answer
    with pytest.raises(FetchError, match=f"came damaged 2 times: .*{told}"):
        fetch("BTCUSDT", interval="1h", start="2024-02-01", end="2024-03-01")


def test_a_zip_with_the_right_checksum_that_is_none_is_refused(fetch, service):
    body = b"this is no zip"
    service.answer = lambda asked: Reply(
        body if asked.path.endswith(".zip") else hashlib.sha256(body).hexdigest()
    )
    with pytest.raises(FetchError, match="it is no zip"):
        fetch("BTCUSDT", interval="1h", start="2024-02-01", end="2024-03-01")


def test_a_busy_archive_is_waited_for_as_long_as_it_says(fetch, service):
    service.first += [
        Reply(status=429, headers={"Retry-After": "30"}),
        Reply(status=503, headers={"Retry-After": "Thu, 20 Jun 2024 12:01:40 GMT"}),
        Reply(status=500),
        Reply(b"half", says_more=100),
    ]
    fetch("BTCUSDT", interval="1h", start="2024-02-01", end="2024-03-01")
    assert fetch.clock.waits == [30.0, 70.0, 4.0, 8.0]


def test_an_archive_that_stays_busy_or_asks_for_too_long_is_given_up(fetch, service):
    service.answer = lambda asked: Reply(status=429)
    with pytest.raises(FetchError, match="answered 429, in 6 attempts over 31 s"):
        fetch("BTCUSDT", **ASKED)
    service.answer = lambda asked: Reply(status=429, headers={"Retry-After": "3600"})
    with pytest.raises(FetchError, match="and asks to wait 3,600 s, more than the 300 s"):
        fetch("BTCUSDT", **ASKED)


def test_a_symbol_without_files_is_named(fetch, service, tmp_path):
    with pytest.raises(DataError, match=r"^binance-archive has no file of NOSUCH 1h from 2024-01"):
        fetch("BTCUSDT", "NOSUCH", **ASKED)
    assert not (tmp_path / "catalog").exists()


def test_a_month_that_is_not_there_yet_is_fetched_by_its_days(fetch, service):
    fetch.clock.time -= 16 * 86_400 * 10**9  # the fourth of June
    service.answer = archive("-2024-05", "-2024-06-03")
    result = fetch("BTCUSDT", interval="1h", start="2024-05-01")
    names = files(service)
    assert names[:2] == ["BTCUSDT-1h-2024-05.zip", "BTCUSDT-1h-2024-05-01.zip"]
    assert names[-1] == "BTCUSDT-1h-2024-06-03.zip"
    assert result.series[0].added == 33 * 24
    assert result.notes == ("binance-archive has no file of BTCUSDT for 2024-06-03.",)


def test_months_before_the_first_one_are_told_and_not_looked_for_by_days(fetch, service):
    service.answer = archive("-2024-01", "-2024-02")
    result = fetch("BTCUSDT", interval="1h", start="2024-01-01", end="2024-04-01")
    assert len(files(service)) == 3
    (note,) = result.notes
    assert note == "binance-archive has no file of BTCUSDT for 2024-01 and 2024-02."


@pytest.mark.parametrize(
    ("source", "interval", "told"),
    [
        ("binance-archive", "7m", "binance-archive has no interval 7m; it has 1s, 1m, 3m"),
        ("binance-archive:spot", "1h", "has the markets um and cm behind its colon, was 'spot'"),
        ("binance-archive:um", "1s", "have no interval 1s"),
        ("binance-archiv", "1h", r"there is no source 'binance-archiv'; did you mean binance-a"),
        ("binance-archive:", "1h", "lacks what is behind its colon: um or cm"),
    ],
)
def test_what_the_archive_does_not_have_is_told(fetch, source, interval, told):
    fetch.source = source
    with pytest.raises(ConfigError, match=told):
        fetch("BTCUSDT", **(ASKED | {"interval": interval}))


def test_it_has_bars_that_a_catalog_reads(fetch, tmp_path):
    fetch("BTCUSDT", interval="1h", start="2024-02-01", end="2024-03-01")
    table = Catalog(tmp_path / "catalog").load("BTCUSDT", "1h")
    assert table["ts"][0].as_py().isoformat() == "2024-02-01T00:00:00+00:00"
    hour = (date(2024, 2, 1) - date(1970, 1, 1)).days * 24
    assert table["open"][0].as_py() == 100 + hour % 37


DAYS = st.dates(date(2020, 1, 1), date(2023, 12, 31))


@given(DAYS, st.integers(1, 100))
def test_the_files_of_any_days_have_each_of_them_once(start, count):
    end = start + timedelta(count)
    found = list(files_of(start, end))
    assert [start, *(file.end for file in found)] == [*(file.first for file in found), end]
    assert all(file.first.day == file.end.day == 1 for file in found if file.is_month)
    # Only the first and the last month may be in parts.
    parts = {f"{file.first:%Y-%m}" for file in found if not file.is_month}
    assert parts <= {f"{start:%Y-%m}", f"{end - timedelta(1):%Y-%m}"}


def test_days_that_are_not_over_are_told(fetch):
    result = fetch("BTCUSDT", interval="1h", start="2024-06-18", end="2024-06-25")
    assert result.series[0].added == 48
    (note,) = result.notes
    assert note == "binance-archive has days of UTC that are over: BTCUSDT ends before 2024-06-20."
