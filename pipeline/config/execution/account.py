"""The section on the account of each lane: its cash, its limits, its interest."""

from typing import Literal

from pydantic import Field

from pipeline.config.values import Currency, Hours, Section


class TradingConfig(Section):
    """The account of each lane."""

    currency: Currency = Field(
        default="USD",
        description="Currency of the account: of its cash and of all that is reported. Symbols"
        " quoted in another one name theirs under instruments. Default USD.",
    )
    initial_cash: float = Field(
        default=100_000.0,
        gt=0,
        description="Cash of each lane at the start. Default 100000.",
    )
    account: Literal["margin", "cash"] = Field(
        default="margin",
        description="cash: no short sales, and nothing is bought that the cash does not pay for;"
        " such orders are rejected. Default margin.",
    )
    leverage: float | None = Field(
        default=None,
        gt=0,
        description="Most exposure (all positions, long and short, and what the orders at rest can"
        " make of them) as a multiple of equity. null: no bound. Default null.",
    )
    maintenance_margin: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Fraction of the value of all positions below which equity must not fall: all"
        " orders are then cancelled and all positions closed at the next opens. 0: never."
        " Default 0.",
    )
    lots: Literal["average", "fifo"] = Field(
        default="average",
        description="What a fill that reduces a position closes. average: a part of all of it, at"
        " its average cost; a round trip goes from flat to flat. fifo: what was opened first; every"
        " part of a fill that is closed is a round trip. Default average.",
    )
    interest_on_cash: float = Field(
        default=0.0,
        ge=0,
        description="What cash earns, a fraction a year (0.03 is 3 percent), booked when a session"
        " opens for the nights since the one before. Proceeds of short sales are cash. Default 0.",
    )
    interest_on_debt: float = Field(
        default=0.0,
        ge=0,
        description="What negative cash costs, likewise. Default 0.",
    )
    max_buying_power: float | None = Field(
        default=None,
        gt=0,
        description="Most exposure, in account currency. null: no bound. Default null.",
    )
    max_per_trade: float | None = Field(
        default=None,
        gt=0,
        description="Most value of one order, in account currency. null: no bound. Default null.",
    )
    max_per_symbol: float | None = Field(
        default=None,
        gt=0,
        description="Most value of one symbol's position, as the orders at rest can make it, in"
        " account currency. null: no bound. Default null.",
    )
    max_open_positions: int | None = Field(
        default=None,
        ge=1,
        description="Most symbols held at once, counting orders at rest. null: no bound."
        " Default null.",
    )
    max_order_volume: float | None = Field(
        default=None,
        gt=0,
        description="Most size of one order as a fraction of the volume of the symbol's last base"
        " bar. null: no bound. Default null.",
    )

    allowed_hours: Hours | None = Field(
        default=None,
        description="First and last time, HH:MM on the exchange's clocks, at which orders go out:"
        ' ["09:45", "15:30"]. Where the first is the later one it is of the evening before. null:'
        " any time. Default null.",
    )
