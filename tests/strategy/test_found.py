import gc
import weakref

from pipeline import Strategy
from pipeline.strategy.found import Kept, KeptAttributes
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


def test_what_is_found_of_other_attributes_is_found_anew():
    kept: Kept[object] = Kept()
    some, equal = {"x": (float, 1.0)}, {"x": (float, 1.0)}
    found = kept.of(Sized, object, some)
    assert kept.of(Sized, object, some) is found
    assert kept.of(Sized, object, equal) is not found


def test_an_attribute_that_is_set_to_an_equal_value_is_another_one(monkeypatch):
    one, other = float("nan"), float("nan")
    monkeypatch.setattr(Sized, "size", one)
    kept = KeptAttributes(lambda cls: {"size": (int, vars(cls)["size"])})
    found = kept.of(Sized)
    assert kept.of(Sized) is found
    monkeypatch.setattr(Sized, "size", other)
    assert kept.of(Sized)["size"][1] is other


def test_a_class_that_is_gone_is_forgotten():
    cls = type("Gone", (Strategy,), {"on_bar": Sized.on_bar})
    parameters_of(cls)
    gone = weakref.ref(cls)
    del cls
    gc.collect()
    assert gone() is None
