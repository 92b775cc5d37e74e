"""The account described once: every field of a lane's account, and who else is told of it.

From this list derive the record in memory (`account.ACCOUNT`), what is copied into it from the
terms of a lane and where its arrays by symbol lie (`lane.account`), what a lane tells when it ends
(`lane.facts`), the figures of summary.json that are sums of the account (`runner.summary`), and by
which of them a sweep can judge and show its lanes (`runner.figures`). The fields stand in the
order in which they lie in memory.
"""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the account, 8 bytes."""

    name: str
    """Its name in the record."""
    kind: Literal["i8", "f8", "address"]
    """What its cell holds or, by symbol, what the elements of its array are."""
    meaning: str
    """What it is, in one sentence."""
    by_symbol: bool = False
    """Whether the cell holds the address of an array with one element for each symbol."""
    term: bool = False
    """Whether it is copied from `lane.spec.Terms`; by symbol, from `lane.spec.Instrument`."""
    told: bool = False
    """Whether a lane tells it when it ends; every figure is told, too."""
    figure: str = ""
    """Its name in a lane's part of summary.json, by which a sweep can score; "" if not there."""
    ratio: bool = False
    """Whether a float is a plain number; else it is money, in account currency."""
    touched: bool = False
    """Whether it counts what an assumption of the run touched, which is summed over all lanes."""

    @property
    def cell(self) -> Literal["i8", "f8"]:
        """The dtype of its cell in the record."""
        return "f8" if self.kind == "f8" and not self.by_symbol else "i8"


def _whole(name: str, meaning: str, **more: Any) -> Field:
    return Field(name, "i8", meaning, **more)


def _real(name: str, meaning: str, **more: Any) -> Field:
    return Field(name, "f8", meaning, **more)


def _address(name: str, meaning: str) -> Field:
    return Field(name, "address", meaning)


def _reals(name: str, meaning: str, **more: Any) -> Field:
    return Field(name, "f8", meaning, by_symbol=True, **more)


def _wholes(name: str, meaning: str, **more: Any) -> Field:
    return Field(name, "i8", meaning, by_symbol=True, **more)


_TIME = (
    _whole("now", "The moment at hand, ns UTC."),
    _whole("session_open", "When the current session opened, ns UTC."),
    _whole("session_close", "When the current session closes, ns UTC."),
    _whole("between", "1 from a session's close to the open of the next one."),
    _whole("late_session", "Open of the last session counted in `late_exits`, ns UTC."),
    _whole("booked_date", "Date up to which interest and fees are booked, ns; 0: none yet."),
    _whole("hours_from", "First instant of the session at which orders go out, ns UTC."),
    _whole("hours_until", "Last instant of the session at which orders go out, ns UTC."),
    _address("hours", "These two by session, i8[sessions, 2]; 0 where any time will do."),
)

_MARKET = (
    _whole("symbols", "How many symbols the run has."),
    _whole("stride", "Rows that the slot has for the base bars of one symbol."),
    _whole("plane", "Cells from one price of a base bar to its next one: stride x symbols."),
    _whole("first_row", "Row of the slot's first fresh base bar."),
    _whole("untraded", "1 if any base bar of the slot has no volume."),
    _address("prices", "The slot's base bars, f8[PRICES, symbols, stride]; 0 before the first."),
    _address("base_cursor", "Row of the last base bar that is known, i8[symbols]."),
    _address("bar", "The open of the bar being matched; its other prices follow by `plane`."),
    _whole("after", "Cell behind the last base bar that what is traded now has lived through."),
    _real("room", "Units that the volume of the bar being matched still lets be filled."),
    _reals("position", "Units held, negative when short."),
    _reals("slack", "Units by which rounding can have put the position off since it was flat."),
    _reals("pending", "Signed units of the orders that wait for a time only."),
    _reals("last_price", "The last close, NaN before the first."),
    _reals("realised", "Profit of what was closed, in account currency."),
    _reals("quiet_low", "Above this price and below `quiet_high` no order at rest has to act."),
    _reals("quiet_high", "See `quiet_low`."),
    _reals("tick", "What prices are multiples of; 0: any price.", term=True),
    _reals("lot", "What quantities are multiples of; 0: any quantity.", term=True),
    _reals("multiplier", "Money in account currency per unit and 1 of price.", term=True),
    _reals("borrow_rate", "What being short costs, a fraction of the value a year.", term=True),
    _reals("buys", "Scratch of the limits: units that the orders at rest would buy."),
    _reals("sells", "Scratch of the limits: units that the orders at rest would sell."),
    _reals("point", "Money in the symbol's own currency per unit and 1 of price."),
    _reals("rate", "What 1 of the symbol's currency is in the account's; NaN: not known yet."),
    _reals("funding_rate", "What a long pays at a funding time, a fraction of value.", term=True),
    _reals("funding_hours", "Bit h is set if h o'clock UTC is a funding time.", term=True),
    _wholes("pair", "Which symbol converts the currency: see `Instrument.pair`.", term=True),
    _wholes("credit", "1 if it is held on credit in its own currency.", term=True),
    _wholes("resting_of", "Orders of the symbol at rest."),
    _wholes("waiting", "How many of these wait for a time only."),
    _wholes("first_lot", "Number of its oldest open lot, 0 if there is none."),
    _wholes("last_lot", "Number of its newest open lot."),
    _wholes("fills_of", "Fills since the current session opened."),
    _wholes("bars_before", "Base bars before the current session."),
    _wholes("met", "When the last base bar opened that its orders met, ns UTC; -1: none yet."),
    _whole("foreign", "1 if the currency of any symbol is not the account's."),
)

_TRADED = (
    _whole("next_order", "Id of the next order; orders count from 1.", told=True),
    _whole("fills", "Fills so far.", figure="fills"),
    _real("initial_cash", "Cash at the start.", term=True, told=True),
    _real("equity", "Cash and positions at their last closes.", figure="final_equity"),
    _real("cash", "Cash, in account currency, as all sums are.", figure="final_cash"),
    _real(
        "highest_leverage",
        "Highest value of all positions, long and short, by equity; see `account.weigh`.",
        figure="highest_leverage",
        ratio=True,
    ),
    _real("lowest_cash", "Lowest cash; see `account.weigh`.", figure="lowest_cash"),
    _whole("held", "How many symbols are held."),
    _whole("exposed", "Moments at which anything was held.", told=True),
    _whole("ambiguous", "Orders decided by `optimistic` alone.", figure="ambiguous_bars"),
    _whole(
        "capped", "Orders that a volume cap cut.", figure="orders_cut_by_volume_cap", touched=True
    ),
    _whole("slipped", "Fills with slippage.", figure="fills_with_slippage", touched=True),
    _whole("rejected", "Orders that a limit refused.", figure="orders_rejected", touched=True),
    _whole(
        "beside_sales",
        "Orders refused for want of room beside one, placed at the same moment, that makes some.",
        figure="orders_rejected_beside_sales",
    ),
    _whole("unchanged", "Changes that one refused.", figure="changes_rejected", touched=True),
    _whole(
        "liquidations", "How often all was sold for margin.", figure="liquidations", touched=True
    ),
    _whole("positions_split", "Positions split.", figure="positions_split", touched=True),
    _whole("orders_split", "Orders at rest that were split.", figure="orders_split", touched=True),
    _whole("dividends_booked", "Dividends booked.", figure="dividends_booked", touched=True),
    _whole("fills_as_maker", "Fills as a maker.", figure="fills_as_maker", touched=True),
    _whole(
        "without_volume",
        "Fills in bars without volume.",
        figure="fills_without_volume",
        touched=True,
    ),
    _whole("poor_fills", "Fills in poor sessions.", figure="fills_on_poor_quality"),
    _real("commission", "Commission of all fills.", figure="commission"),
    _real("maker_commission", "The part of it paid as a maker.", figure="commission_as_maker"),
    _real("slippage_cost", "What slipped prices cost.", figure="slippage"),
    _real("borrow", "Fees for short positions.", figure="borrow_fees"),
    _real("interest", "Interest earned on cash, less that on debt.", figure="interest"),
    _real("dividends", "Dividends received, less those paid when short.", figure="dividends"),
    _real("fractions_paid", "Cash for fractions after splits.", figure="cash_for_fractions"),
    _real("funding", "Funding paid, negative if received.", figure="funding"),
    _real("turnover", "Value of all fills, bought and sold.", figure="turnover"),
    _whole("trips", "Round trips that have ended.", figure="round_trips"),
    _whole("wins", "Round trips with a profit.", told=True),
    _real("gross_profit", "Sum of what winning round trips made.", figure="gross_profit"),
    _real("gross_loss", "Sum of what losing round trips lost, positive.", figure="gross_loss"),
    _whole(
        "far_targets", "Calls of target_percent beyond what can be meant.", figure="far_targets"
    ),
    _real(
        "farthest_target",
        "Farthest fraction of these, 0 if none.",
        figure="farthest_target",
        ratio=True,
    ),
    _whole(
        "crossed",
        "Brackets of market orders with a leg beyond the last close.",
        figure="crossed_brackets",
    ),
    _whole(
        "below_zero",
        "Orders with a price at zero or below, of symbols with a last price above it.",
        figure="orders_below_zero",
    ),
    _whole("narrow", "Trailing stops at 0.1 per cent or less.", figure="narrow_trailing_stops"),
    _whole(
        "trailing_opened",
        "Trailing stops that left a position on their own side.",
        figure="trailing_stops_that_opened",
    ),
    _whole(
        "left_over",
        "Stops and limits, placed to close a position, that left one on their own side.",
        figure="exits_that_opened",
    ),
    _whole(
        "late_exits",
        "Sessions in which an order placed after the close before closed a position.",
        figure="sessions_with_late_exits",
    ),
    _real("trip_squares", "Sum of the squares of the round trips' profits.", told=True),
)

_COSTS = (
    _real("per_share", "Commission per unit, in the symbol's currency.", term=True),
    _real("basis_points", "Commission in basis points of the value.", term=True),
    _real("maker_points", "The same for a maker."),
    _real("per_order", "Commission per order, added to the others.", term=True),
    _real("minimum", "Least commission of an order.", term=True),
    _real("maximum", "Most commission of an order.", term=True),
    _address("tiers", "Rates by what was traded in the month, TIER[tier_count]."),
    _whole("tier_count", "How many these are; 0: flat rates."),
    _whole("tiers_by_units", "1 if tiers count units, 0 if value.", term=True),
    _real("traded", "What was traded in the month, as tiers or a user's function count it."),
    _whole("month", "The month that is being counted, from year 0 on."),
    _address("own_commission", "A user's function that says what an order owes; 0 without one."),
    _address("bill", "What it is asked about, BILL[1]."),
    _whole("broken", "Why no moment begins any more: one of `broken`; 0: the account is whole."),
    _address("culprit", "The fill that broke the account, CULPRIT[1]."),
    _real("slippage", "By how much prices are worse.", term=True),
    _real("slippage_bps", "The same in basis points of the price.", term=True),
    _real("slippage_range", "The same as a fraction of the bar's range.", term=True),
    _real("impact", "The same by the squared share of the bar's volume.", term=True),
    _real("volume_cap", "Fraction of a bar's volume that can be filled.", term=True),
    _real("credit_rate", "What cash earns, a fraction a year.", term=True),
    _real("debit_rate", "What debt costs, a fraction a year.", term=True),
    _whole("next_funding", "Before this instant, ns UTC, no symbol is funded."),
    _whole("optimistic", "1 if a limit comes before a stop in one bar.", term=True),
    _whole("this_close", "1 if market orders fill at the close they are placed at.", term=True),
    _whole("activated", "Orders that fills in the bar being matched have made live."),
    _whole("legs", "1 if it has placed a leg of a bracket."),
    _whole("fifo", "1 if lots are closed first in, first out.", term=True),
    _real("poor_below", "Per cent of its bars below which a session is poor.", term=True),
    _address("actions", "Splits and dividends of the run, ACTION[action_count]."),
    _whole("action_count", "How many these are."),
    _whole("next_action", "The first of them that is not booked yet."),
)

_LIMITS = (
    _whole("limited", "1 if any limit of money or positions is set.", term=True),
    _real("max_buying_power", "Most exposure.", term=True),
    _real("max_per_trade", "Most value of one order.", term=True),
    _real("max_per_symbol", "Most value of one symbol's position.", term=True),
    _real("max_open_positions", "Most symbols held at once.", term=True),
    _real("max_order_volume", "Most size of an order by the volume of the last bar.", term=True),
    _real("leverage", "Most exposure by equity.", term=True),
    _whole("cash_only", "1 if nothing is sold short or bought on credit.", term=True),
    _real("maintenance", "Equity by exposure below which all is closed.", term=True),
    _whole("reduced_ts", "When an order was last placed that makes a position smaller; -1: never."),
    _whole("lacking_ts", "When an order last lacked room without one beside it; -1: never."),
    _whole("lacking", "How many these are."),
)

_ORDERS = (
    _address("book", "Orders at rest, ORDER[book_capacity], by id."),
    _whole("resting", "How many orders are in the book."),
    _whole("done", "How many orders have ended and are not reported yet."),
    _whole("full", "1 if the next moment may not begin: see `book.check_room`."),
    _whole("book_capacity", "For how many orders the book has room."),
    _whole("book_reserve", "Orders that may come into the book within a moment, for on_order."),
    _address("inbox", "Orders placed within the moment, ORDER[inbox_capacity]."),
    _whole("inbox_count", "How many these are."),
    _whole("inbox_capacity", "For how many the inbox has room."),
    _whole("delayed", "1 if orders take their time to the market.", term=True),
    _whole("latency", "How long they take, ns.", term=True),
    _whole("latency_bars", "How many base bars they wait, counted from then on.", term=True),
    _address("messages", "What is on its way to the market, MESSAGE[message_capacity]."),
    _whole("in_flight", "How many messages are on their way."),
    _whole("message_capacity", "For how many there is room."),
)

_LOTS = (
    _address("lots", "What positions are made of, LOT[lots_capacity]."),
    _whole("open_lots", "How many lots are open."),
    _whole("lots_used", "How many have ever been used."),
    _whole("lots_free", "Number of the first one given back, 0 if there is none."),
    _whole("lots_capacity", "For how many there is room."),
)

# `lane.account.LaneAccount.counts` reads how many fills, orders and round trips there are at once,
# so these three lie two apart.
_OUTBOX = (
    _address("fills_out", "Fills that are to be taken, FILL[fills_out_capacity]."),
    _address("orders_out", "Orders that have ended, ORDER[orders_out_capacity]."),
    _address("trips_out", "Round trips, TRIP[trips_out_capacity]."),
    _whole("fills_out_count", "How many fills are to be taken."),
    _whole("fills_out_capacity", "For how many there is room."),
    _whole("orders_out_count", "How many orders are to be taken."),
    _whole("orders_out_capacity", "For how many there is room."),
    _whole("trips_out_count", "How many round trips are to be taken."),
    _whole("trips_out_capacity", "For how many there is room."),
    _whole("orders_told", "How many of the orders on_order has been told of."),
    _whole("tabled", "1 if orders and round trips become rows; else they are only counted."),
    _address("equity_out", "Equity at each base moment of the slot, f8[moments]."),
    _address("cash_out", "Cash at these moments, f8[moments]."),
    _whole("equity_out_count", "How many moments these are."),
    _address("session_out", "Equity at each session's close in the slot, f8[sessions]."),
    _whole("session_out_count", "How many sessions these are."),
)

#: All fields, in the order in which they lie in memory.
FIELDS: tuple[Field, ...] = (
    *_TIME,
    *_MARKET,
    *_TRADED,
    *_COSTS,
    *_LIMITS,
    *_ORDERS,
    *_LOTS,
    *_OUTBOX,
)

#: What is copied from a lane's terms.
TERMS = tuple(field.name for field in FIELDS if field.term and not field.by_symbol)
#: What is copied, symbol by symbol, from its instruments.
INSTRUMENT_TERMS = tuple(field.name for field in FIELDS if field.term and field.by_symbol)
#: Arrays by symbol of floats, and of whole numbers.
REALS_BY_SYMBOL = tuple(f.name for f in FIELDS if f.by_symbol and f.kind == "f8")
WHOLES_BY_SYMBOL = tuple(f.name for f in FIELDS if f.by_symbol and f.kind == "i8")
#: What a lane tells.
TOLD = tuple(field.name for field in FIELDS if field.told or field.figure)
#: The fields that are figures of a lane in summary.json.
FIGURE_FIELDS = tuple(field for field in FIELDS if field.figure)
#: Names of the figures that count what the run's assumptions touched.
TOUCHED = tuple(field.figure for field in FIGURE_FIELDS if field.touched)
