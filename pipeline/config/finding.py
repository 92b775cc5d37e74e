"""Finds settings by words: ours, those of other libraries, and words of a setting's meaning."""

from collections.abc import Sequence

from pipeline.config.listing import Setting

#: Words of other libraries, without an s at the end, and ours.
WORDS = {
    **dict.fromkeys(("fee", "brokerage", "charge"), ("commission",)),
    **dict.fromkeys(("cost",), ("commission", "slippage", "borrow_rate")),
    **dict.fromkeys(("balance", "budget", "capital", "money", "wallet"), ("initial_cash",)),
    **dict.fromkeys(("asset", "instrument", "ticker", "universe"), ("symbols",)),
    **dict.fromkeys(("frequency", "interval", "resolution", "timeframe"), ("streams",)),
    **dict.fromkeys(("calendar", "exchange", "market", "venue"), ("exchange_group",)),
    **dict.fromkeys(
        ("core", "cpu", "job", "proces", "thread", "worker"), ("engines", "processors")
    ),
    **dict.fromkeys(("spread",), ("slippage",)),
    **dict.fromkeys(("delay", "lag"), ("latency",)),
    **dict.fromkeys(("margin",), ("maintenance_margin", "leverage")),
    **dict.fromkeys(("optimise", "optimize", "optimization"), ("sweep",)),
    **dict.fromkeys(("path", "folder", "data_dir"), ("catalog",)),
}


def named_by(every: Sequence[Setting], words: Sequence[str]) -> list[Setting]:
    """Return the settings that have every word, or ours for it, in their name.

    Those with the words themselves come first.
    """
    wanted = [word.casefold() for word in words]
    ours = [(single, *WORDS.get(single, ())) for single in map(_single, wanted)]
    named = [setting for setting in every if _has(setting.path, [[word] for word in wanted])]
    return named + [s for s in every if s not in named and _has(s.path, ours)]


def meant_by_words(every: Sequence[Setting], words: Sequence[str]) -> list[Setting]:
    """Return the settings that have every word in their name, their meaning or their values."""
    singles = [[_single(word.casefold())] for word in words]
    return [one for one in every if _has(f"{one.path} {one.meaning} {one.values}", singles)]


def _single(word: str) -> str:
    """Return a word without an s at its end."""
    return word.removesuffix("s") or word


def _has(text: str, alternatives: Sequence[Sequence[str]]) -> bool:
    found = text.casefold()
    return all(any(one in found for one in same) for same in alternatives)
