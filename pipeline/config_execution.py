"""The sections that say how a lane trades: its account, how orders become fills, what they cost."""

from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline.config_refusal import expectation
from pipeline.config_values import Section


class TradingConfig(Section):
    """The account of each lane."""

    initial_cash: float = Field(
        default=100_000.0,
        gt=0,
        description="Cash of each lane at the start, in the currency of the prices."
        " Default 100000.",
    )


class ExecutionConfig(Section):
    """How orders become fills, and what fills cost."""

    fill: Literal["next_open"] = Field(
        default="next_open",
        description="Market orders fill at the open of the symbol's next base bar, the others from"
        " that bar on."
        " Default next_open.",
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
    commission_per_order: float = Field(
        default=0.0,
        ge=0,
        description="Commission per order filled, in the currency of the prices, added to the"
        " others. Default 0.",
    )
    commission_minimum: float = Field(
        default=0.0,
        ge=0,
        description="Least commission of an order that is filled, in the currency of the prices."
        " Default 0.",
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

    @model_validator(mode="after")
    def _maximum_above_minimum(self) -> Self:
        if (
            self.commission_maximum is not None
            and self.commission_maximum < self.commission_minimum
        ):
            raise expectation(
                f"at least commission_minimum {self.commission_minimum}",
                field="commission_maximum",
                value=str(self.commission_maximum),
            )
        return self
