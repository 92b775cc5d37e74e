"""The notes of a summary: sentences on what a reader of its figures has to know.

Each function gives the notes on one matter, none where there is nothing to say. A note is a whole
sentence in plain text, which names the thing, its numbers and the setting that decides it. Notes
stand in summary.json under "notes", in the text of a run and of a sweep, and in the sweep's report.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.codes import ACCEPTED, ORDER_STATES
from pipeline.native.cache_folder import why_nothing_is_kept
from pipeline.results.report.figures import first_of, many
from pipeline.results.statistics import shows_ruin
from pipeline.results.year import Year
from pipeline.runner.preparation import Preparation
from pipeline.runner.rates import on_small_rates
from pipeline.runner.spans import on_spans
from pipeline.strategy.strategy import Strategy
from pipeline.strategy.text_hashes import are_drawn, place_of_hashes
from pipeline.tape.market_facts import MarketFacts

#: So many jumps of prices are told; of more there is a count.
_JUMPS_TOLD = 3
#: So many ways in which orders ended are named.
_ENDINGS_TOLD = 3
#: Exposure of more times the equity than this is told, unless it is bounded.
_MUCH_LEVERAGE = 10.0
#: So many series without a value are named.
_SERIES_TOLD = 5


_Figures = Mapping[str, Any]


class _Named(NamedTuple):
    """The lanes of a run, or of a sweep by their sets, and how some of them are named."""

    lanes: Sequence[_Figures]
    #: The parameters of each lane of a sweep as text; empty for a run.
    sets: Sequence[str]

    def some(self, which: Callable[[_Figures], Any]) -> str:
        """Say how many of the lanes are meant, and of a sweep the first: "2 of 9 sets (fast 5)".

        It is "" if none are.
        """
        found = [place for place, lane in enumerate(self.lanes) if which(lane)]
        if not found:
            return ""
        few = f"{len(found):,} of {len(self.lanes):,}"
        if not self.sets:
            return f"{few} strategies"
        return f"{few} sets ({'the first: ' if len(found) > 1 else ''}{self.sets[found[0]]})"


def notes_of(
    preparation: Preparation,
    lanes: Sequence[_Figures],
    market: MarketFacts,
    sets: Sequence[str] = (),
) -> list[str]:
    """Return the notes on a run or a sweep, in the order of reading.

    ``lanes`` are the figures of the lanes that saw all sessions, as the summary of a run has them.
    ``sets``: the parameters of each of them as text, if they are sets of a sweep.
    """
    sessions, named = len(preparation.sessions), _Named(lanes, sets)
    return [
        *preparation.extent.notes,
        *on_small_rates(preparation.settings.execution),
        *_on_spans(preparation, lanes),
        *_on_jumps(preparation, market),
        *_on_warm_up(named, sessions),
        *_on_fractions(named),
        *_on_levels(lanes),
        *_on_left_over(lanes),
        *_on_nights(named, sessions),
        *_on_rotation(lanes),
        *_on_rejections(named),
        *_on_endings(named),
        *_on_volume_cap(preparation, lanes, market),
        *_on_length(sessions, preparation.year, preparation.benchmark is not None),
        *_on_leverage(preparation, named),
        *_on_ruin(lanes),
        *_on_the_cache(),
    ]


def _on_the_cache() -> Iterator[str]:
    """Say why the next run compiles anew, if it does."""
    if reasons := why_nothing_is_kept():
        yield (
            f"Compiled code is not kept, so the next run compiles anew: {reasons}; set "
            "RINGTAPE_CACHE_DIR to a folder of yours."
        )


def _on_leverage(preparation: Preparation, named: _Named) -> Iterator[str]:
    """Say that positions were many times the equity where nothing bounds them.

    Currencies and futures are traded so.
    """
    settings = preparation.settings
    if settings.trading_config.leverage is not None or settings.asset_class in ("FX", "FUTURES"):
        return
    most = max((one.get("highest_leverage") or 0.0 for one in named.lanes), default=0.0)
    if most > _MUCH_LEVERAGE:
        some = named.some(lambda one: (one.get("highest_leverage") or 0.0) > _MUCH_LEVERAGE)
        which = f" in {some}" if len(named.lanes) > 1 else ""
        yield (
            f"Positions were worth up to {most:,.1f} times the equity{which}, and nothing bounds"
            " them: trading_config.leverage does, or orders that are sized by equity, such as"
            " ctx.target_percent."
        )


def _on_spans(preparation: Preparation, lanes: Sequence[_Figures]) -> Iterator[str]:
    """Tell of symbols without bars at the run's start or end, and of such a benchmark."""
    symbols = preparation.settings.session_data_config.symbols
    dates = preparation.sessions.date_ns
    yield from on_spans(symbols, preparation.extent.spans, dates, lanes)
    if preparation.benchmark is not None:
        yield from preparation.benchmark.notes(dates, preparation.year)


def _on_warm_up(named: _Named, sessions: int) -> Iterator[str]:
    """Say for which series an indicator had no value, and whether strategies were called there."""
    if len(named.lanes) == 1:
        unready = named.lanes[0].get("never_ready", ())
        never = named.lanes[0].get("never_called", unready)
        if never:
            yield (
                f"The strategy was never called for {first_of(never, _SERIES_TOLD)}: the indicators"
                " in brackets had no value at any bar."
            )
        called = [series for series in unready if series not in never]
        if called:
            yield (
                f"The indicators in brackets had no value at any bar, and the strategy did not wait"
                f" for them: {first_of(called, _SERIES_TOLD)}."
            )
        return
    if some := named.some(lambda one: one["warmup_sessions"] >= sessions):
        yield f"An indicator had no value at any bar in {some}, which were never called for a bar."
    others = [one for one in named.lanes if one["warmup_sessions"] < sessions]
    unready = [one["never_ready"] for one in others if one.get("never_ready")]
    if unready:
        some = named.some(lambda one: one["warmup_sessions"] < sessions and one.get("never_ready"))
        yield (
            f"Indicators of {some} had no value at any bar of a symbol, the first of them:"
            f" {first_of(unready[0], _SERIES_TOLD)}."
        )


def _on_fractions(named: _Named) -> Iterator[str]:
    """Say that fractions of equity were asked for that are likely per cent."""
    far = [one for one in named.lanes if one.get("far_targets", 0)]
    if far:
        calls = sum(one["far_targets"] for one in far)
        farthest = max((one["farthest_target"] for one in far), key=abs)
        some = named.some(lambda one: one.get("far_targets", 0))
        yield (
            f"target_percent takes fractions, 0.5 is half of the equity: {many(calls, 'call')}"
            f"{f' of {some}' if len(named.lanes) > 1 else ''} asked for multiples of it, up to"
            f" {farthest:g}. Divide per cents by 100."
        )


def _on_levels(lanes: Sequence[_Figures]) -> Iterator[str]:
    """Say that protecting prices were asked for that cannot be meant."""
    crossed = sum(one.get("crossed_brackets", 0) for one in lanes)
    if crossed:
        yield (
            f"{many(crossed, 'bracket')} of market orders had a stop-loss or a take-profit on"
            " the wrong side of the last close, so that it fills at once. Both are prices, as"
            " stop_loss=0.98 * bar.close of a long entry."
        )
    below = sum(one.get("orders_below_zero", 0) for one in lanes)
    if below:
        yield (
            f"{many(below, 'order')} had a limit or a stop at zero or below, while the last price"
            " of the symbol was above zero. A price of an order is a price, and no distance from"
            " one: 0.98 * bar.close is 2 % below the close."
        )
    narrow = sum(one.get("narrow_trailing_stops", 0) for one in lanes)
    if narrow:
        yield (
            f"trailing_stop takes per cents, percent=2 is 2 %: {many(narrow, 'call')} asked for"
            " 0.1 % or less."
        )


def _on_left_over(lanes: Sequence[_Figures]) -> Iterator[str]:
    """Say that exits which stayed at rest opened positions."""
    trailing = sum(one.get("trailing_stops_that_opened", 0) for one in lanes)
    if trailing:
        yield (
            f"{many(trailing, 'trailing stop')} opened a position, enlarged one or turned one"
            " round. A trailing stop stays at rest when the position that it protects is closed in"
            " another way: cancel it then, ctx.cancel(id), or join it to the order that closes,"
            " ctx.one_cancels_other(id, other)."
        )
    others = sum(one.get("exits_that_opened", 0) for one in lanes)
    if others:
        yield (
            f"{many(others, 'stop or limit order')} could only close a position when placed, and"
            " opened one, enlarged one or turned one round: what was to be closed had been closed"
            " in another way. Cancel what is left over, or place exits with ctx.bracket, whose legs"
            " end with the position."
        )


def _on_nights(named: _Named, sessions: int) -> Iterator[str]:
    """Say that positions were held over nearly every night which were to be closed before it."""

    def late(one: _Figures) -> int:
        count: int = one.get("sessions_with_late_exits", 0)
        return count if count > sessions / 2 else 0

    if some := named.some(late):
        yield (
            f"In {max(map(late, named.lanes)):,} of {many(sessions, 'session')} positions were"
            f" closed{f' by {some}' if len(named.lanes) > 1 else ''} by orders placed after the"
            " close before, as in on_session_close. They fill at the next open, so what they close"
            " is held over night. ctx.exit_on_close(symbol), called in on_session_open, closes it"
            " at the session's close."
        )


def _on_rotation(lanes: Sequence[_Figures]) -> Iterator[str]:
    """Say that what sales of the same moment will bring does not count yet."""
    refused = sum(one.get("orders_rejected_beside_sales", 0) for one in lanes)
    if refused:
        yield (
            f"{many(refused, 'order')} lacked cash or room and {'was' if refused == 1 else 'were'}"
            " rejected, beside orders of the same moment that make a position smaller. What these"
            " bring counts when they have filled: place the others then, or set a"
            ' trading_config.leverage of 2 in a margin account ("Rotations" in'
            " pipeline/strategy/README.md)."
        )


def _on_rejections(named: _Named) -> Iterator[str]:
    """Say of many lanes how often limits refused orders; of one lane its own figures do."""
    some = named.some(lambda one: one.get("orders_rejected", 0))
    if some and len(named.lanes) > 1:
        most = max(one.get("orders_rejected", 0) for one in named.lanes)
        yield (
            f"Limits rejected orders of {some}, up to {most:,} of one. The figure orders_rejected"
            " counts them, and a run of one strategy has the reasons."
        )


def _on_endings(named: _Named) -> Iterator[str]:
    """Say of strategies whose orders never filled how these ended; of many, how many they are."""

    def unfilled(one: _Figures) -> bool:
        return bool(one.get("orders", 0)) and not one.get("fills", 0)

    if len(named.lanes) > 1:
        if some := named.some(unfilled):
            yield f"None of the orders of {some} was filled."
        return
    for one in filter(unfilled, named.lanes):
        ends = [
            f"{number:,} {'still at rest' if how == ORDER_STATES[ACCEPTED] else how}"
            for how, number in one.get("endings", {}).items()
        ]
        table = f": {first_of(ends, _ENDINGS_TOLD)}. The orders' table has the reason of each"
        yield f"None of {many(one['orders'], 'order')} was filled{table if ends else ''}."


def _on_volume_cap(
    preparation: Preparation, lanes: Sequence[_Figures], market: MarketFacts
) -> Iterator[str]:
    """Say that orders cannot fill because a share of a bar's volume is too little for them."""
    cap = preparation.settings.execution.volume_cap
    ordered = [one for one in lanes if one.get("orders", 0)]
    if cap is None or not ordered:
        return
    if market.without_volume:
        yield (
            f"No order can fill in {first_of(market.without_volume, _SERIES_TOLD)}: all bars there"
            f" have a volume of 0, and execution.volume_cap lets {cap:g} of a bar's volume be"
            " filled. Import bars with their volume, or set volume_cap to null."
        )
    elif not any(one.get("fills", 0) for one in ordered):
        yield (
            f"execution.volume_cap lets {cap:g} of a bar's volume be filled. An order fills nothing"
            " in bars where that is less than a lot (lot_size of its instrument)."
        )


def _on_length(sessions: int, year: Year, against: bool) -> Iterator[str]:
    """Say which figures a run is too short for; ``against``: whether it has a benchmark."""
    if sessions < 2:
        names = "volatility, Sharpe, Sortino and Omega ratio"
        if against:
            names += ", beta, correlation, tracking error and information ratio"
        yield f"One session has no scatter: {names} are not given."
    if not year.is_long_enough(sessions):
        names = "annual return, Calmar ratio, turnover per year" + (" and alpha" if against else "")
        yield (
            f"The run has {sessions} of the {year.fewest_sessions} sessions, a twelfth of a year of"
            f" {year.sessions}, by which a year can be told: {names} are not given."
        )


def _on_ruin(lanes: Sequence[_Figures]) -> Iterator[str]:
    """Say how many accounts were ruined, and what they lack for it."""
    ruined = sum(shows_ruin(one["max_drawdown"]) for one in lanes)
    if ruined:
        which = (
            "The account was" if len(lanes) == 1 else f"{ruined:,} of {len(lanes):,} accounts were"
        )
        yield (
            f"{which} ruined: the equity was zero or below. No figures of returns are given but"
            " the total return and, where the equity did not come back, an annual return of -100 %."
        )


def on_hashes(classes: Iterable[type[Strategy]]) -> list[str]:
    """Tell of strategies that use hashes of texts, in a run in a process that has its own ones."""
    if not are_drawn():
        return []
    places = filter(None, map(place_of_hashes, dict.fromkeys(classes)))
    return [
        f"{place} uses a set or a hash. Texts have other hashes in this process than in those of a"
        " run, so a set of texts may have another order, and the result may be another one. Start"
        " Python with PYTHONHASHSEED=0 to have the same."
        for place in places
    ]


def _on_jumps(preparation: Preparation, market: MarketFacts) -> Iterator[str]:
    """Tell of prices that jumped as at a split that the catalog does not have."""
    if not market.jumps:
        return
    dates = preparation.sessions.date_ns
    told = [
        f"{symbol} {dates[session].astype('M8[ns]').astype('M8[D]')} from {before:g} to {after:g}"
        for symbol, session, before, after in market.jumps[:_JUMPS_TOLD]
    ]
    more = len(market.jumps) - len(told)
    yield (
        f"Prices jump between sessions as at splits that the catalog does not have: "
        f"{', '.join(told)}{f' and {more:,} more' if more else ''}; `ringtape import --actions` "
        "takes splits."
    )
