"""What is told of a lane when it has ended, and what the summary and a sweep read."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from pipeline.results.tally import LaneRecord


class OpenPosition(NamedTuple):
    """What a lane holds of a symbol at the end, at its last close; money in account currency."""

    symbol: int
    """The symbol's index."""
    units: float
    """Units held, negative when short."""
    value: float
    """What they are worth, negative when short."""
    profit: float
    """What its round trips that are still open made so far, after commission."""


class LaneFacts(NamedTuple):
    """What one lane came to: by its account, by its records and by its engine.

    Those of the account have the names of its fields and their meaning (`execution.fields`); all
    money is in account currency.
    """

    lane: int
    """The lane's number."""
    first_called: int
    """Date of the session in which the strategy was first ready for a bar, ns; 0 if it needs no
    warm-up, -1 if it warmed up to the end."""
    never_ready: tuple[str, ...]
    """Symbols and intervals with bars at which the strategy, or an indicator of it, was never
    ready, and what had no value."""
    never_called: tuple[str, ...]
    """Those of them for which the strategy waited to the end."""

    orders: int
    """Orders placed."""
    fills: int
    """Fills."""
    initial_cash: float
    """Cash at the start."""
    equity: float
    """Cash and positions at their last closes, at the end."""
    cash: float
    """Cash at the end."""
    highest_leverage: float
    """The highest value of all positions, long and short, by equity, after the fills of a moment
    and at sessions' closes."""
    lowest_cash: float
    """The lowest cash at these."""
    exposed: int
    """Base moments at which anything was held."""
    ambiguous: int
    """Orders that were decided by what comes first in a bar that touched both."""
    capped: int
    """Orders that a volume cap cut."""
    slipped: int
    """Fills with slippage."""
    rejected: int
    """Orders that a limit refused."""
    beside_sales: int
    """Those refused for want of room while one placed at the same moment would make some."""
    unchanged: int
    """Changes of orders that a limit refused."""
    liquidations: int
    """How often all was closed for want of margin."""
    positions_split: int
    """Positions that were split."""
    orders_split: int
    """Orders at rest that were split."""
    dividends_booked: int
    """Dividends booked."""
    fills_as_maker: int
    """Fills as a maker."""
    without_volume: int
    """Fills in bars without volume."""
    poor_fills: int
    """Fills in sessions of poor quality."""
    commission: float
    """Commission of all fills."""
    maker_commission: float
    """The part of it that was paid as a maker."""
    slippage_cost: float
    """What slipped prices cost."""
    borrow: float
    """Fees for short positions."""
    interest: float
    """Interest earned on cash, less that paid on debt."""
    dividends: float
    """Dividends received, less those paid when short."""
    fractions_paid: float
    """Cash received for fractions of a lot after splits."""
    funding: float
    """Funding paid, negative if received."""
    turnover: float
    """Value of all fills, bought and sold."""
    trips: int
    """Round trips that have ended."""
    wins: int
    """Those of them with a profit."""
    gross_profit: float
    """What the winning ones made."""
    gross_loss: float
    """What the losing ones lost, positive."""
    far_targets: int
    """Calls of ``target_percent`` with a fraction that is likely meant in per cent."""
    farthest_target: float
    """The fraction of these that is farthest from 0; 0 without any."""
    crossed: int
    """Brackets of market orders whose stop-loss or take-profit the last close was beyond."""
    below_zero: int
    """Orders, or changes of them, with a limit or stop at zero or below where prices are above."""
    narrow: int
    """Trailing stops at 0.1 per cent of the price or less."""
    trailing_opened: int
    """Trailing stops whose fill left a position on their own side."""
    left_over: int
    """Stops and limits of which that is true, though they could only close when placed."""
    late_exits: int
    """Sessions in which a market order that was placed after the close before left nothing held."""
    trip_squares: float
    """The sum of the squares of their profits."""

    positions: tuple[OpenPosition, ...]
    """What it holds at the end, in the order of the symbols."""

    record: "LaneRecord"
    """Digest, rows by table and maximum drawdown of what was recorded."""

    sessions: int
    """Sessions that it ran through; fewer than the run has if a rung ended it."""
    session_dates: npt.NDArray[np.int64]
    """Their dates, ns, i8[sessions]."""
    session_equity: npt.NDArray[np.float64]
    """Equity at their closes, f8[sessions]."""
    bars: int
    """Base bars that it saw."""
    seconds: float
    """Processor time that it took."""
