"""The section on one instrument: its ticks, lots and multiplier, its currency, its fees."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from pipeline.config.refusal import expectation
from pipeline.config.values import Currency, Section, as_tuple


def _hours_once(hours: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(hours)) < len(hours):
        raise expectation("each hour once")
    return hours


_FundingHours = Annotated[
    tuple[Annotated[int, Field(ge=0, le=23)], ...],
    BeforeValidator(as_tuple),
    AfterValidator(_hours_once),
]


class InstrumentConfig(Section):
    """The ticks, lots, currency and fees of one symbol."""

    tick_size: float = Field(
        default=0.0,
        ge=0,
        description="Limits, stops and slipped prices are moved to multiples of it, always so that"
        " an order fills later or at a worse price. 0: any price. Default 0.",
    )
    lot_size: float = Field(
        default=0.0,
        ge=0,
        description="An order is rejected unless its units are a multiple of it: 1 for whole"
        " shares. 0: any fraction. Default 0.",
    )
    multiplier: float = Field(
        default=1.0,
        gt=0,
        description="Money, in the symbol's currency, that one unit makes when its price rises by"
        " 1; 50 for a contract on 50 times an index. Default 1.",
    )
    currency: Currency | None = Field(
        default=None,
        description="Currency of the symbol's prices, commission and slippage. If it is not that of"
        " the account, a symbol of the run that is a pair of the two converts it. null: that of the"
        " symbol's name in FX and crypto, JPY for USDJPY and EUR for BTCEUR, else that of the"
        " account. Default null.",
    )
    base: Currency | None = Field(
        default=None,
        description="For a pair of currencies, the one that is bought and sold: EUR for EURUSD,"
        " whose prices are in USD. The pair's last close converts either currency into the other."
        " null: by the symbol's name in FX, else the symbol is not a pair. Default null.",
    )
    converted: Literal["value", "profit"] | None = Field(
        default=None,
        description="Part of a position in another currency that is exposed to the exchange rate."
        " value: its whole value, as with shares that are paid with converted money. profit: only"
        " its profit, as with pairs and contracts on margin, which are held on credit in their own"
        " currency. null: profit if asset_class is FX or FUTURES or the symbol's name is a pair,"
        " else value. Default null.",
    )
    borrow_rate: float = Field(
        default=0.0,
        ge=0,
        description="Fee for a short position, a fraction of its value a year. It is booked when a"
        " session opens, for the nights since the session before. Default 0.",
    )
    funding_rate: float = Field(
        default=0.0,
        description="Funding that a long position in a perpetual pays at each funding time and a"
        " short one receives, a fraction of its value at the last close. Negative: short positions"
        " pay. Default 0.",
    )
    funding_hours: _FundingHours = Field(
        default=(0, 8, 16),
        min_length=1,
        json_schema_extra={"uniqueItems": True},
        description="Hours of the day, UTC, that are funding times. Default [0, 8, 16].",
    )
