import gc
import weakref

from pipeline import Strategy
from pipeline.strategy.found import Kept
from pipeline.strategy.strategy import parameters_of


class Sized(Strategy):
    size: int = 3

    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, self.size)


def test_what_was_found_is_kept_until_an_attribute_is_set(monkeypatch):
    first = parameters_of(Sized)
    assert parameters_of(Sized) is first
    monkeypatch.setattr(Sized, "size", True)  # equals 1, and is no whole number
    monkeypatch.setattr(Sized, "size", 4)
    assert [one.default for one in parameters_of(Sized)] == [4]
    assert Sized().size == 4


def test_values_that_are_equal_are_told_apart(monkeypatch):
    kept: Kept[object] = Kept()
    one, other = float("nan"), float("nan")
    found = kept.of(Sized, object, {"x": (float, one)})
    assert kept.of(Sized, object, {"x": (float, one)}) is found
    assert kept.of(Sized, object, {"x": (float, other)}) is not found
    assert kept.of(Sized, object, {"x": (int, other)}) is not found


def test_a_class_that_is_gone_is_forgotten():
    cls = type("Gone", (Strategy,), {"on_bar": Sized.on_bar})
    parameters_of(cls)
    gone = weakref.ref(cls)
    del cls
    gc.collect()
    assert gone() is None
