"""One sentence for a name that something does not have, or that cannot be set, in both modes."""

from collections.abc import Callable, Collection, Iterable
from typing import Any

from pipeline.errors import nearest

#: Words of other libraries, and ours.
_WORDS = {
    **dict.fromkeys(("amount", "qty", "shares", "size", "units"), "quantity"),
    **dict.fromkeys(("fee", "fees"), "commission"),
    **dict.fromkeys(("buy", "sell", "order", "submit_order"), "market"),
    **dict.fromkeys(("close_position", "order_target", "order_target_size"), "target"),
    **dict.fromkeys(("order_percent", "order_target_percent", "set_holdings"), "target_percent"),
    **dict.fromkeys(("positions", "holdings"), "position"),
    **dict.fromkeys(("balance", "money"), "cash"),
    **dict.fromkeys(("portfolio_value", "total_value", "value"), "equity"),
    **dict.fromkeys(("data", "history", "last"), "window"),
    **dict.fromkeys(("instrument", "ticker", "sym"), "symbol"),
    **dict.fromkeys(("dt", "date", "datetime", "time", "timestamp"), "ts"),
    **dict.fromkeys(("id", "orderid"), "order_id"),
    **dict.fromkeys(("status",), "state"),
    **dict.fromkeys(("vol",), "volume"),
    **dict.fromkeys(("n_trades", "num_trades", "total_trades", "trades"), "round_trips"),
    **dict.fromkeys(("cagr", "annualized_return"), "annual_return"),
    **dict.fromkeys(("profit", "return", "total_profit"), "total_return"),
    **dict.fromkeys(("drawdown", "maxdd", "mdd"), "max_drawdown"),
    **dict.fromkeys(("transactions",), "fills"),
    **dict.fromkeys(("sl", "stoploss"), "stop_loss"),
    **dict.fromkeys(("tp", "takeprofit"), "take_profit"),
    **dict.fromkeys(("expiry", "good_till", "tif", "time_in_force", "valid"), "until"),
    **dict.fromkeys(("trail", "trailamount"), "amount"),
    **dict.fromkeys(("pct", "trailpercent"), "percent"),
    **dict.fromkeys(("length", "n", "span", "timeperiod"), "period"),
    **dict.fromkeys(("freq", "timeframe"), "interval"),
    **dict.fromkeys(("nbdev", "num_std", "std"), "width"),
    **dict.fromkeys(("last_price", "price"), "close"),
}


def no_such_name(owner: str, name: str, names: Iterable[str]) -> str:
    """Return one sentence about a name that ``owner`` lacks: the nearest, and all it has."""
    has = sorted(names)
    meant = meant_by(name, has)
    hint = f"; did you mean {meant}?" if meant else ""
    return f"{owner} has no {str(name)!r}{hint}; it has: {', '.join(has) or 'nothing'}"


def meant_by(name: str, names: Iterable[str]) -> str:
    """Return which of some names was meant, first by the word of another library; "" if none."""
    known = list(names)
    near = nearest(name, known)
    return in_our_words(name, known) or (near[0] if near else "")


def in_our_words(name: str, names: Collection[str]) -> str:
    """Return which of some names another library calls so, or we; "" if none."""
    ours = _WORDS.get(name.lower(), name)
    return ours if ours in names else ""


def not_set(owner: str, name: str) -> str:
    """Return one sentence about an attribute that cannot be set."""
    return f"it sets {owner}.{name}, which may only be read; keep what you need in a state"


def refuse_setting(owner: str, but: Collection[str] = ()) -> Callable[[Any, str, Any], None]:
    """Make a ``__setattr__`` that raises AttributeError with `not_set`, but for some names."""

    def __setattr__(self: Any, name: str, value: Any) -> None:  # noqa: N807
        if name not in but:
            raise AttributeError(not_set(owner, name))
        object.__setattr__(self, name, value)

    return __setattr__
