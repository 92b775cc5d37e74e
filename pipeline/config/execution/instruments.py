"""The section on the instruments: what a symbol's prices and quantities are, and how it is held."""

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
    """What one symbol's prices and quantities are multiples of."""

    tick_size: float = Field(
        default=0.0,
        ge=0,
        description="Limits, stops and slipped prices are moved to multiples of it, never in the"
        " order's favour past what was asked. 0: any price. Default 0.",
    )
    lot_size: float = Field(
        default=0.0,
        ge=0,
        description="Units of an order are multiples of it, or the order is rejected; 1 for whole"
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
        description="Currency of the symbol's prices, and of commission and slippage on it. Another"
        " one than the account's is converted by a symbol of the run that is a pair of the two."
        " null: the account's. Default null.",
    )
    base: Currency | None = Field(
        default=None,
        description="Of a pair, the currency of which one unit is bought and sold: EUR of EURUSD,"
        " whose currency is USD. Its last close converts one into the other, either way. null: not"
        " a pair. Default null.",
    )
    converted: Literal["value", "profit"] | None = Field(
        default=None,
        description="What of a position in another currency is exposed to the rate. value: all of"
        " it, as of shares that are paid with converted money. profit: only the profit, as of pairs"
        " and contracts on margin, which are held on credit in their own currency. null: profit if"
        " asset_class is FX or FUTURES, else value. Default null.",
    )
    borrow_rate: float = Field(
        default=0.0,
        ge=0,
        description="What a short position costs, a fraction of its value a year, booked when a"
        " session opens for the nights since the one before. Default 0.",
    )
    funding_rate: float = Field(
        default=0.0,
        description="What a long position of a perpetual pays at each funding time, and a short one"
        " gets, a fraction of its value at the last close; negative: shorts pay. Default 0.",
    )
    funding_hours: _FundingHours = Field(
        default=(0, 8, 16),
        min_length=1,
        json_schema_extra={"uniqueItems": True},
        description="Hours of the day, UTC, that are funding times. Default [0, 8, 16].",
    )
