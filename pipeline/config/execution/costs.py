"""The section on execution: the rules by which orders become fills, and the costs of fills."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from pipeline.config.refusal import expectation
from pipeline.config.values import FunctionName, Section, as_tuple


class CommissionTier(Section):
    """The commission rates from one amount traded in a month up to that of the next tier."""

    above: float = Field(
        ge=0,
        description="Amount that the lane must have traded since the month began for the tier to"
        " apply, counted as execution.commission_tiers_by says. 0 for the first tier.",
    )
    bps: float = Field(
        default=0.0, ge=0, description="Basis points of the value filled. Default 0."
    )
    maker_bps: float | None = Field(
        default=None,
        description="The same for units that are filled as a maker. Negative: paid to the account."
        " null: the same as bps. Default null.",
    )
    per_share: float = Field(
        default=0.0,
        ge=0,
        description="Per share (or unit) filled, in the currency of the prices. Default 0.",
    )


_Tiers = Annotated[tuple[CommissionTier, ...], BeforeValidator(as_tuple)]


class ExecutionConfig(Section):
    """The rules by which orders become fills, and the costs of fills."""

    fill: Literal["next_open", "this_close"] = Field(
        default="next_open",
        description="Price at which market orders fill. next_open: the open of the symbol's next"
        " base bar. this_close: the close of the bar at whose end the order is placed, as if that"
        " price were known and could be traded at the same moment; if the symbol has no bar there,"
        " its next open. All other orders meet the bars that open later. Default next_open.",
    )
    both_touched: Literal["pessimistic", "optimistic"] = Field(
        default="pessimistic",
        description="Which comes first if one bar touches both a stop and a limit. pessimistic: the"
        " stop. optimistic: the limit. Of two stops or two limits it is the one placed first. The"
        " summary counts how often this decided between orders of which one cancels the other."
        " Default pessimistic.",
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
        description="Basis points in place of commission_bps for units that are filled as a maker,"
        " which means by an order that was at rest at its limit when the market reached it."
        " Negative: paid to the account. null: the same as commission_bps. Default null.",
    )
    commission_tiers: _Tiers = Field(
        default=(),
        description="Rates by the amount that the lane has traded since the month of the session's"
        " date began, in place of commission_bps, commission_maker_bps and commission_per_share."
        " Tiers are in ascending order, the first above 0. Each unit costs the rate of the tier"
        " that it falls into. Default [].",
    )
    commission_tiers_by: Literal["value", "units"] = Field(
        default="value",
        description="Amount that the tiers count. value: the value traded, in the account's"
        " currency. units: the units traded. Default value.",
    )
    commission: FunctionName | None = Field(
        default=None,
        description="A function of your own that returns the commission that an order owes, in"
        ' place of all other settings of commission: "module:function", importable, or'
        ' "path/to/file.py:function", relative to the working directory. It is compiled. null:'
        " none. Default null.",
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
        " null: no bound, so that a maker can be paid. Default null.",
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
        description="Amount by which every fill price is worse, in the currency of the prices. The"
        " price of a limit has no slippage. Default 0.",
    )
    slippage_bps: float = Field(
        default=0.0,
        ge=0,
        description="Slippage in basis points of the price, added to the other. Default 0.",
    )
    slippage_range: float = Field(
        default=0.0,
        ge=0,
        description="Slippage as a fraction of the range (high less low) of the bar that fills the"
        " order, added to the others. Default 0.",
    )
    slippage_impact: float = Field(
        default=0.0,
        ge=0,
        description="Slippage by volume, added to the others: this number x price x the square of"
        " the share of the bar's volume that is filled. In a bar without volume the share is 1."
        " Default 0.",
    )
    volume_cap: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="Fraction of a bar's volume that can be filled. The rest of an order meets the"
        " next bar. null: no cap. Default null.",
    )

    poor_quality_below: float = Field(
        default=95.0,
        ge=0,
        le=100,
        description="Quality below which a symbol's session counts as poor, in percent of its"
        " expected base bars. The summary counts the fills in poor sessions. Default 95.",
    )
    latency_ms: float = Field(
        default=0.0,
        ge=0,
        le=86_400_000,
        description="Milliseconds until an order, a change or a cancellation reaches the market. It"
        " meets the base bars that open at that instant or later, so on 1m bars a latency of up to"
        " a minute costs one bar. Default 0.",
    )
    latency_bars: int = Field(
        default=0,
        ge=0,
        le=10_000,
        description="Base bars of the symbol, however far apart, that pass before an order, a"
        " change or a cancellation reaches the market. They are counted from the end of latency_ms"
        " on. Default 0.",
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
                    f"not to be set beside {chosen}, which takes its place",
                    field=name,
                    value=self.model_dump()[name],
                )
