"""A wrong name is told with the nearest and all that there are; nothing shown can be set."""

import copy
import pickle

import pytest

from pipeline.strategy.events import Fill, Order, Session
from pipeline.strategy.names import NAMES
from pipeline.strategy.wrong_name import no_such_name, refuse_setting


@pytest.mark.parametrize(
    ("owner", "name", "meant"),
    [
        ("bar", "Close", "close"),
        ("bar", "closets", "close_ts"),
        ("bar", "price", "close"),
        ("ctx", "positon", "position"),
        ("ctx", "buy", "market"),
        ("ctx", "order_target_percent", "target_percent"),
        ("fill", "qty", "quantity"),
    ],
)
def test_the_nearest_name_is_suggested_or_our_word_for_it(owner: str, name: str, meant: str):
    told = no_such_name(owner, name, NAMES[owner])
    assert told.startswith(f"{owner} has no {name!r}; did you mean {meant}?; it has: ")
    assert told.endswith(", ".join(sorted(NAMES[owner])))


def test_nothing_is_suggested_where_nothing_is_near():
    assert no_such_name("bars", "zzz", ["high", "close"]) == (
        "bars has no 'zzz'; it has: close, high"
    )


EVENTS = [
    Fill(1, 2, 3.0, 4.0, 5.0, 6),
    Order(*range(len(Order._fields))),
    Session(*range(len(Session._fields))),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_cannot_be_set(event):
    owner = type(event).__name__.lower()
    for name in (event._fields[0], "zzz"):
        with pytest.raises(AttributeError, match=f"^it sets {owner}.{name}, which may only be rea"):
            setattr(event, name, 1.0)
    assert pickle.loads(pickle.dumps(event)) == copy.deepcopy(event) == event


def test_some_names_can_be_set_where_a_class_needs_them():
    class Shown:
        __setattr__ = refuse_setting("ctx", ("slot",))

    shown = Shown()
    shown.slot = 1
    assert shown.slot == 1
    with pytest.raises(AttributeError, match=r"^it sets ctx\.other, "):
        shown.other = 2
