"""The sections that say how a lane trades: its account, how orders become fills, what they cost."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pipeline.config.refusal import expectation
from pipeline.config.values import Currency, FunctionName, Hours, Section, as_tuple


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


class CommissionTier(Section):
    """The rates of what is traded in a month beyond some volume, up to the next tier."""

    above: float = Field(
        ge=0,
        description="Where it begins: what the lane has traded since the month began, as"
        " execution.commission_tiers_by says. 0 for the first tier.",
    )
    bps: float = Field(
        default=0.0, ge=0, description="Basis points of the value filled. Default 0."
    )
    maker_bps: float | None = Field(
        default=None,
        description="The same for what is filled as a maker; negative: paid to the account. null:"
        " as bps. Default null.",
    )
    per_share: float = Field(
        default=0.0,
        ge=0,
        description="Per share (or unit) filled, in the currency of the prices. Default 0.",
    )


_Tiers = Annotated[tuple[CommissionTier, ...], BeforeValidator(as_tuple)]


class ExecutionConfig(Section):
    """How orders become fills, and what fills cost."""

    fill: Literal["next_open", "this_close"] = Field(
        default="next_open",
        description="Where market orders fill. next_open: at the open of the symbol's next base"
        " bar. this_close: at the close of the bar at whose end they are placed, which takes the"
        " price for known and tradable at once; where the symbol has no such bar, at its next open."
        " All other orders meet the bars that open later. Default next_open.",
    )
    both_touched: Literal["pessimistic", "optimistic"] = Field(
        default="pessimistic",
        description="Which comes first where one bar touches both a stop and a limit: pessimistic"
        " takes the stop, optimistic the limit. The summary counts how often that decided between"
        " orders of which one cancels the other. Default pessimistic.",
    )
    commission_per_share: float = Field(
        default=0.0,
        ge=0,
        description="Commission per share (or unit) filled, in the currency of the prices."
        " Default 0.",
    )
    commission_bps: float = Field(
        default=0.0,
        ge=0,
        description="Commission in basis points (1/100 percent) of the value filled, added to the"
        " one per share. Default 0.",
    )
    commission_maker_bps: float | None = Field(
        default=None,
        description="In place of commission_bps for what is filled as a maker, by an order that was"
        " at rest at its limit when the market came to it; negative: paid to the account. null: as"
        " commission_bps. Default null.",
    )
    commission_tiers: _Tiers = Field(
        default=(),
        description="Rates by what the lane has traded since the month of the session's date began,"
        " in place of commission_bps, commission_maker_bps and commission_per_share: tiers in"
        " ascending order, the first above 0. Each unit costs the rate of the tier that it falls"
        " into. Default [].",
    )
    commission_tiers_by: Literal["value", "units"] = Field(
        default="value",
        description="What tiers count: the value traded, in the currency of the prices, or the"
        " units. Default value.",
    )
    commission: FunctionName | None = Field(
        default=None,
        description="A function of your own that says what an order owes, in place of all other"
        ' settings of commission: "module:function", importable, or "path/to/file.py:function",'
        " relative to the working directory. It is compiled. null: none. Default null.",
    )
    commission_per_order: float = Field(
        default=0.0,
        ge=0,
        description="Commission per order filled, in the currency of the prices, added to the"
        " others. Default 0.",
    )
    commission_minimum: float | None = Field(
        default=None,
        ge=0,
        description="Least commission of an order that is filled, in the currency of the prices."
        " null: no bound, which matters where makers are paid. Default null.",
    )
    commission_maximum: float | None = Field(
        default=None,
        ge=0,
        description="Most commission of an order, in the currency of the prices, at least"
        " commission_minimum. null: no bound. Default null.",
    )
    slippage: float = Field(
        default=0.0,
        ge=0,
        description="By how much every fill price but that of a limit is worse, in the currency of"
        " the prices. Default 0.",
    )
    slippage_bps: float = Field(
        default=0.0,
        ge=0,
        description="The same in basis points of the price, added to it. Default 0.",
    )
    slippage_range: float = Field(
        default=0.0,
        ge=0,
        description="The same as a fraction of the range, high less low, of the bar that fills,"
        " added to it. Default 0.",
    )
    slippage_impact: float = Field(
        default=0.0,
        ge=0,
        description="The same by volume, added to it: this times the price times the square of the"
        " share of the bar's volume that is filled (all of it in a bar without volume). Default 0.",
    )
    volume_cap: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="Fraction of a bar's volume that can be filled; what is left of an order meets"
        " the next bar. null: no cap. Default null.",
    )

    poor_quality_below: float = Field(
        default=95.0,
        ge=0,
        le=100,
        description="Per cent of its expected base bars below which a symbol's session is of poor"
        " quality; the summary counts the fills in such sessions. Default 95.",
    )
    latency_ms: float = Field(
        default=0.0,
        ge=0,
        le=86_400_000,
        description="Milliseconds that an order, a change or a cancellation takes to the market. It"
        " meets the base bars that open at that instant or later, so on 1m bars anything up to a"
        " minute costs one bar. Default 0.",
    )
    latency_bars: int = Field(
        default=0,
        ge=0,
        le=10_000,
        description="Base bars of the symbol, however far apart, that pass before an order, a"
        " change or a cancellation is in the market; counted from latency_ms on. Default 0.",
    )

    @model_validator(mode="after")
    def _nothing_is_late_for_this_close(self) -> Self:
        for name in ("latency_ms", "latency_bars"):
            if self.fill == "this_close" and getattr(self, name) > 0:
                raise expectation(
                    '0, or fill "next_open": an order with a latency is late for this close',
                    field=name,
                    value=getattr(self, name),
                )
        return self

    @model_validator(mode="after")
    def _maximum_above_minimum(self) -> Self:
        least, most = self.commission_minimum, self.commission_maximum
        if least is not None and most is not None and most < least:
            raise expectation(
                f"at least commission_minimum {least}", field="commission_maximum", value=str(most)
            )
        return self

    @model_validator(mode="after")
    def _tiers_ascend(self) -> Self:
        begins = [tier.above for tier in self.commission_tiers]
        if begins and (begins[0] != 0 or begins != sorted(set(begins))):
            raise expectation(
                "tiers that begin above 0, then ever higher",
                field="commission_tiers",
                value=begins,
            )
        return self

    @model_validator(mode="after")
    def _one_kind_of_commission(self) -> Self:
        rates = ("commission_bps", "commission_maker_bps", "commission_per_share")
        bounds = ("commission_per_order", "commission_minimum", "commission_maximum")
        if self.commission is not None:
            self._refuse_beside("commission", (*rates, "commission_tiers", *bounds))
        if self.commission_tiers:
            self._refuse_beside("commission_tiers", rates)
        return self

    def _refuse_beside(self, chosen: str, others: tuple[str, ...]) -> None:
        for name in others:
            default = type(self).model_fields[name].default
            if getattr(self, name) != default:
                raise expectation(
                    f"not set beside {chosen}, which stands in its place",
                    field=name,
                    value=self.model_dump()[name],
                )


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
