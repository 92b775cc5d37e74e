"""Files without a header: the name and the form of a row tell what they are."""

from tests.market.importers.vendor_form import FIRST, LAST, Series, days, minutes, of, two

_BASE = ((*FIRST[:4], 1.5), (*LAST[:4], 2.25))
_BIDS = ((1.0852, 1.0854, 1.0851, 1.0853, 0.0), (1.0853, 1.0855, 1.0852, 1.0854, 0.0))


def _histdata(symbol: str) -> Series:
    """The last minute of a day before summer time, and of a day in it, at 16:59 EST both."""
    first, last = ("2024-03-07T21:59", *_BIDS[0]), ("2024-03-12T21:59", *_BIDS[1])
    return Series(symbol, "1m", 2, first, last)


_HISTDATA = {
    "series": (_histdata("EURUSD"),),
    "clock": "Etc/GMT+5",
    "stamped": "open",
    "adjusted": "no",
}

TEXTS = [
    of(
        "kraken",
        "XBTUSD_1.csv",
        "1709908200,170.0,170.5,169.75,170.25,1.5,9",
        "1709908680,170.25,171.0,170.0,170.75,2.25,8",
        series=(two("XBTUSD", "1m", "2024-03-08T14:30", "2024-03-08T14:38", *_BASE),),
        clock="UTC",
        ground="file",
        stamped="open",
        adjusted="no",
        left=("7",),
    ),
    of(
        "kraken",
        "XBTUSD_1440.csv",
        "1709769600,170.0,170.5,169.75,170.25,1.5,9",
        "1709856000,170.25,171.0,170.0,170.75,2.25,8",
        series=(days("XBTUSD", *_BASE),),
        clock="UTC",
        ground="file",
        stamped="open",
        adjusted="no",
        left=("7",),
    ),
    of(  # microseconds, as spot files have them since 2025
        "binance",
        "BTCUSDT-1m-2025-03-08.csv",
        "1741444200000000,170.0,170.5,169.75,170.25,1.5,1741444259999999,255.37,9,0.5,85.1,0",
        "1741444260000000,170.25,171.0,170.0,170.75,2.25,1741444319999999,384.18,8,1.0,170.5,0",
        series=(two("BTCUSDT", "1m", "2025-03-08T14:30", "2025-03-08T14:31", *_BASE),),
        clock="UTC",
        ground="file",
        stamped="open",
        adjusted="no",
        left=("7", "8", "9", "10", "11", "12"),
    ),
    of(
        "histdata",
        "DAT_ASCII_EURUSD_M1_202403.csv",
        "20240307 165900;1.085200;1.085400;1.085100;1.085300;0",
        "20240312 165900;1.085300;1.085500;1.085200;1.085400;0",
        **_HISTDATA,
    ),
    of(
        "histdata",
        "DAT_NT_EURUSD_M1_2024.csv",
        "20240307 165900;1.085200;1.085400;1.085100;1.085300;0",
        "20240312 165900;1.085300;1.085500;1.085200;1.085400;0",
        **_HISTDATA,
    ),
    of(
        "histdata",
        "DAT_MT_EURUSD_M1_202403.csv",
        "2024.03.07,16:59,1.085200,1.085400,1.085100,1.085300,0",
        "2024.03.12,16:59,1.085300,1.085500,1.085200,1.085400,0",
        **_HISTDATA,
    ),
    of(
        "histdata",
        "DAT_MS_EURUSD_M1_202403.csv",
        "EURUSD,202403071659,1.085200,1.085400,1.085100,1.085300,0",
        "EURUSD,202403121659,1.085300,1.085500,1.085200,1.085400,0",
        **_HISTDATA,
    ),
    of(  # 8 March is winter time in New York, 11 March is summer time
        "kibot",
        "MSFT.txt",
        "03/08/2024,15:58,170,170.5,169.75,170.25,1200",
        "03/08/2024,15:59,170,170.5,169.75,170.25,1200",
        "03/11/2024,09:30,170.25,171,170,170.75,900",
        series=(
            Series("MSFT", "1m", 3, ("2024-03-08T20:58", *FIRST), ("2024-03-11T13:30", *LAST)),
        ),
        clock="America/New_York",
        stamped="open",
        adjusted="splits and dividends",
        options={"layout": "kibot"},
    ),
    of(
        "kibot",
        "MSFT.txt",
        "03/07/2024,170,170.5,169.75,170.25,1200",
        "03/08/2024,170.25,171,170,170.75,900",
        series=(days("MSFT"),),
        adjusted="splits and dividends",
        options={"layout": "kibot"},
    ),
    of(
        "firstrate",
        "AAPL_full_1min_adjsplitdiv.txt",
        "2024-03-08 09:30:00,170,170.5,169.75,170.25,1200",
        "2024-03-08 09:31:00,170.25,171,170,170.75,900",
        series=(minutes("AAPL"),),
        clock="America/New_York",
        stamped="open",
        adjusted="splits and dividends",
    ),
    of(
        "firstrate",
        "AAPL_full_1min_adj_split.txt",
        "2024-03-08 09:30:00,170,170.5,169.75,170.25,1200",
        "2024-03-08 09:31:00,170.25,171,170,170.75,900",
        series=(minutes("AAPL"),),
        clock="America/New_York",
        stamped="open",
        adjusted="splits",
    ),
    of(
        "firstrate",
        "AAPL_full_5min_UNADJUSTED.txt",
        "2024-03-08 09:30:00,170,170.5,169.75,170.25,1200",
        "2024-03-08 09:35:00,170.25,171,170,170.75,900",
        series=(two("AAPL", "5m", "2024-03-08T14:30", "2024-03-08T14:35"),),
        clock="America/New_York",
        stamped="open",
        adjusted="no",
    ),
    of(  # a column of open interest
        "firstrate",
        "ES_full_1day_continuous_UNadjusted.txt",
        "2024-03-07,170,170.5,169.75,170.25,1200,55000",
        "2024-03-08,170.25,171,170,170.75,900,56000",
        series=(days("ES"),),
        stamped="open",
        adjusted="no",
        left=("7",),
    ),
    of(  # coins are in UTC, shares in New York's time: this name shows neither
        "firstrate",
        "BTC_full_1min.txt",
        "2024-03-08 14:30:00,170,170.5,169.75,170.25,1.5",
        "2024-03-08 14:31:00,170.25,171,170,170.75,2.25",
        series=(minutes("BTC", *_BASE),),
        clock="UTC",
        ground="option",
        stamped="open",
        options={"tz": "UTC"},
    ),
    of(
        "ninjatrader",
        "ES 03-24.Last.txt",
        "20240308 143100;170;170.5;169.75;170.25;1200",
        "20240308 143200;170.25;171;170;170.75;900",
        series=(minutes("ES 03-24"),),
        clock="UTC",
        stamped="close",
    ),
    of(
        "ninjatrader",
        "ES 03-24.Last.txt",
        "20240307;170;170.5;169.75;170.25;1200",
        "20240308;170.25;171;170;170.75;900",
        series=(days("ES 03-24"),),
    ),
]
