"""The section on execution: how orders become fills, and what fills cost."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from pipeline.config.refusal import expectation
from pipeline.config.values import FunctionName, Section, as_tuple


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
