"""The section on the account of each lane: its currency, cash, margin, interest and limits."""

from typing import Literal

from pydantic import Field

from pipeline.config.values import Currency, Hours, Section


class TradingConfig(Section):
    """The account of each lane."""

    currency: Currency = Field(
        default="USD",
        description="Currency of the account, of its cash and of all amounts that are reported. A"
        " symbol that is quoted in another currency names it under instruments, unless its name"
        " says it. Default USD.",
    )
    initial_cash: float = Field(
        default=100_000.0,
        gt=0,
        description="Cash of each lane at the start. Default 100000.",
    )
    account: Literal["margin", "cash"] = Field(
        default="margin",
        description="cash: an order is rejected if it would sell short or cost more than the cash"
        " there is. margin: neither is a reason to reject. Default margin.",
    )
    leverage: float | None = Field(
        default=None,
        gt=0,
        description="Most exposure, as a multiple of equity. The exposure is the value of all"
        " positions, long and short, as the orders at rest can make them. null: no bound."
        " Default null.",
    )
    maintenance_margin: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Least equity, as a fraction of the value of all positions. When equity falls"
        " below it, all orders are cancelled and all positions are closed at the next opens. 0:"
        " this never happens. Default 0.",
    )
    lots: Literal["average", "fifo"] = Field(
        default="average",
        description="Which units a fill closes when it reduces a position. average: an equal part"
        " of all units, at their average cost, and a round trip goes from flat to flat. fifo: the"
        " units that were opened first, and each part of a fill that is closed is a round trip."
        " Default average.",
    )
    interest_on_cash: float = Field(
        default=0.0,
        ge=0,
        description="Interest that cash earns, a fraction a year: 0.03 is 3 percent. It is booked"
        " when a session opens, for the nights since the session before. Proceeds of short sales"
        " are cash. Default 0.",
    )
    interest_on_debt: float = Field(
        default=0.0,
        ge=0,
        description="Interest that negative cash costs, a fraction a year, booked likewise."
        " Default 0.",
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
        description="Most value of the position in one symbol, as the orders at rest can make it,"
        " in account currency. null: no bound. Default null.",
    )
    max_open_positions: int | None = Field(
        default=None,
        ge=1,
        description="Most symbols in which there is a position or an order at rest. null: no bound."
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
        description="First and last time of day at which orders are accepted, HH:MM on the clocks"
        ' of the exchange: ["09:45", "15:30"]. If the first is the later one, it is a time on the'
        " evening before. null: any time. Default null.",
    )
