"""Which column is which: by the user's word, by the layout's, by usual names, or asked about."""

import pytest

from pipeline.errors import DataError
from pipeline.market.importers.fields import Fields, columns_left, match_fields, normal

BARS = ["Date", "Open", "High", "Low", "Close", "Volume"]
PLAIN = dict(zip(("ts", "open", "high", "low", "close", "volume"), BARS, strict=True))


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        (BARS, PLAIN),
        (["date", "time", *BARS[1:]], {**PLAIN, "ts": None, "date": "date", "time": "time"}),
        (["t", "Ticker", *BARS[1:], "Timestamp"], {**PLAIN, "ts": "Timestamp", "symbol": "Ticker"}),
        (
            ["unix", "o", "h", "l", "c"],
            dict(zip(PLAIN, ("unix", "o", "h", "l", "c"), strict=False)),
        ),
        (
            ["Open Time", "OPEN", "HIGH", "LOW", "CLOSE", "TICK VOL."],
            dict(
                zip(
                    PLAIN,
                    ("Open Time", "OPEN", "HIGH", "LOW", "CLOSE", "TICK VOL."),
                    strict=True,
                )
            ),
        ),
    ],
)
def test_usual_names_are_known_in_any_spelling(names: list[str], columns: dict[str, str | None]):
    expected = {field: name for field, name in columns.items() if name is not None}
    assert match_fields(names, None, "here") == Fields(expected)


def test_the_users_word_counts_before_the_layouts_and_that_before_usual_names():
    names = [*BARS, "Adj Close", "Other"]
    found = match_fields(names, {"close": "Adj Close", "volume": "8"}, "here", {"close": "Close"})
    assert found.columns == {**PLAIN, "close": "Adj Close", "volume": "Other"}
    known = match_fields(names, None, "here", {"close": "7"})
    assert known.columns == {**PLAIN, "close": "Adj Close"}


@pytest.mark.parametrize("name", ["Volume_(BTC)", "Volume USDT", "TickVol", "Total volume"])
def test_one_column_that_is_like_a_volume_is_taken_as_a_guess(name: str):
    found = match_fields([*BARS[:5], name, "Volume Weighted Average"], None, "here")
    assert found.columns["volume"] == name
    assert found.guessed == (() if normal(name) == "tickvol" else ("volume",))


@pytest.mark.parametrize(
    ("names", "given", "words"),
    [
        ([*BARS[:5], "Volume BTC", "Volume USDT"], None, "here: the volume may be 'Volume BTC', "),
        (BARS[1:], None, "here: cannot tell which columns are ts; columns: 'Open', "),
        (["Date", "Close"], None, "which columns are open, high, low; .* --columns open=NAME"),
        (BARS[1:], None, "or by their positions from 1, such as --columns ts=1$"),
        (["id", "price", "amount", "type"], None, "cannot tell which columns are ts; columns"),
        (["time", "bid"], None, "cannot tell which columns are ask; columns"),
        ([*BARS[:5], "Volume ($)", "Volume (shares)"], None, r"may be 'Volume \(\$\)', 'Volume \("),
        ([*BARS[:5], "Stuecke", "Volumen"], None, "the volume may be 'Stuecke', 'Volumen'"),
        (["x" * 50, "y"], None, f"columns: '{'x' * 40}...', 'y'; "),
        (BARS, {"opne": "Open"}, "columns can name ts, .*; there is no field 'opne'"),
        (BARS, {"open": "Opne"}, "there is no column 'Opne'; .*; did you mean 'Open'"),
        (BARS, {"open": "7"}, "here: there is no column '7'"),
    ],
)
def test_what_cannot_be_told_is_asked_about(
    names: list[str], given: dict[str, str] | None, words: str
):
    with pytest.raises(DataError, match=words):
        match_fields(names, given, "here")


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        (["time", "price", "qty"], {"ts": "time", "price": "price", "size": "qty"}),
        (["ts", "bid", "ask"], {"ts": "ts", "bid": "bid", "ask": "ask"}),
        (["date", "last", "volume"], {"ts": "date", "price": "last", "size": "volume"}),
    ],
)
def test_ticks_are_known_by_a_price_or_by_a_bid_and_an_ask(
    names: list[str], columns: dict[str, str]
):
    found = match_fields(names, None, "here")
    assert found == Fields(columns)
    assert found.ticks


def test_columns_that_are_not_taken_are_left():
    first, second = (match_fields(BARS[:5], None, "here") for _ in range(2))
    assert columns_left([*BARS, "Trades"], [first, second]) == ["Volume", "Trades"]


@pytest.mark.parametrize("index", ["column 1", "index", "level_0", "Unnamed: 0"])
def test_an_index_without_a_name_is_the_time_if_nothing_else_is(index: str):
    assert match_fields([index, *BARS[1:]], None, "here").columns["ts"] == index
    assert match_fields([index, *BARS], None, "here").columns["ts"] == "Date"


@pytest.mark.parametrize(
    ("names", "fields"),
    [
        ("Datum;Zeit;Erster;Hoch;Tief;Letzter;Stück", "date time open high low close volume"),
        ("Datum;Eröffnung;Hoch;Tief;Schluss;Volumen", "ts open high low close volume"),
        ("Datum;Uhrzeit;Eroeffnung;Hoch;Tief;Schlusskurs", "date time open high low close"),
        (
            "<TICKER>;<DTYYYYMMDD>;<TIME>;<OPEN>;<HIGH>;<LOW>;<CLOSE>;<VOL>",
            "symbol date time open high low close volume",
        ),
        ("Name;date;open;high;low;close;volume", "symbol ts open high low close volume"),
        ("Contract;date;open;high;low;close", "symbol ts open high low close"),
    ],
)
def test_german_names_and_those_of_old_programs_are_usual(names: str, fields: str):
    found = match_fields(names.split(";"), None, "here")
    assert found == Fields(dict(zip(fields.split(), names.split(";"), strict=True)))


def test_a_symbol_has_its_own_name_before_those_that_may_be_others():
    names = ["Name", "Code", "Ticker", *BARS]
    assert match_fields(names, None, "here").columns["symbol"] == "Ticker"
    assert match_fields(names[:2] + BARS, None, "here").columns["symbol"] == "Code"


def test_a_volume_with_a_unit_is_a_guess_and_one_without_goes_first():
    alone = match_fields([*BARS[:5], "Volume ($)"], None, "here")
    assert (alone.columns["volume"], alone.guessed) == ("Volume ($)", ("volume",))
    both = match_fields([*BARS[:5], "Volume ($)", "Volume"], None, "here")
    assert (both.columns["volume"], both.guessed) == ("Volume", ())
    assert "volume" not in match_fields([*BARS[:5], "Volatility"], None, "here").columns
