"""The layouts of vendors' delimited files, one module for each family of vendors.

Where a layout implies a clock, it is recognised by more than one sign.
"""

from __future__ import annotations

from pipeline.market.importers.delimited import GENERIC, DelimitedLayout
from pipeline.market.importers.layouts import binance
from pipeline.market.importers.layouts.alpaca import ALPACA
from pipeline.market.importers.layouts.cryptodatadownload import CRYPTODATADOWNLOAD
from pipeline.market.importers.layouts.databento import DATABENTO
from pipeline.market.importers.layouts.dukascopy import DUKASCOPY_LAYOUTS
from pipeline.market.importers.layouts.firstrate import FIRSTRATE_LAYOUTS
from pipeline.market.importers.layouts.google import GOOGLE
from pipeline.market.importers.layouts.hikyuu import HIKYUU
from pipeline.market.importers.layouts.histdata import HISTDATA
from pipeline.market.importers.layouts.interactive_brokers import INTERACTIVE_BROKERS
from pipeline.market.importers.layouts.investing import INVESTING
from pipeline.market.importers.layouts.kaggle import KAGGLE_BITCOIN
from pipeline.market.importers.layouts.kibot import KIBOT_LAYOUTS
from pipeline.market.importers.layouts.kraken import KRAKEN
from pipeline.market.importers.layouts.mt5 import MT5
from pipeline.market.importers.layouts.ninjatrader import NINJATRADER, SEMICOLONS
from pipeline.market.importers.layouts.polygon import POLYGON
from pipeline.market.importers.layouts.quandl import QUANDL
from pipeline.market.importers.layouts.ringtape import RINGTAPE
from pipeline.market.importers.layouts.stooq import STOOQ
from pipeline.market.importers.layouts.tradingview import TRADINGVIEW
from pipeline.market.importers.layouts.yahoo import YAHOO_LAYOUTS

LAYOUTS: tuple[DelimitedLayout, ...] = (
    RINGTAPE,
    HISTDATA,
    NINJATRADER,
    SEMICOLONS,
    KRAKEN,
    binance.KLINES,
    *KIBOT_LAYOUTS,
    *FIRSTRATE_LAYOUTS,
    HIKYUU,
    QUANDL,
    *YAHOO_LAYOUTS,
    INVESTING,
    CRYPTODATADOWNLOAD,
    KAGGLE_BITCOIN,
    *DUKASCOPY_LAYOUTS,
    STOOQ,
    TRADINGVIEW,
    ALPACA,
    POLYGON,
    DATABENTO,
    INTERACTIVE_BROKERS,
    MT5,
    GOOGLE,
    GENERIC,
)
"""The layouts, in the order in which they are tried: the first that knows a file is taken."""
