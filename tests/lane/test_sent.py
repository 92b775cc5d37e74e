from pipeline import Strategy, Symbol, state
from pipeline.lane.sent import pack_specs, unpack_specs
from pipeline.lane.spec import LaneSpec
from pipeline.strategy.examples import SmaCross


class Named(Strategy):
    leader: Symbol = Symbol("AAA")
    size: float = 1.0
    calls: int = state(3)

    def on_bar(self, bar, ctx):
        self.calls += 1


def test_lanes_arrive_as_they_were_sent():
    strategies = [SmaCross(fast=3), Named(leader="BBB", size=2), SmaCross(slow=9), Named()]
    specs = [
        LaneSpec(n, one, "compiled", n, (("mean", 0, 5 + n),), (0, 1), n or None, (n,), (n,) * 6)
        for n, one in enumerate(strategies)
    ]
    found = unpack_specs(pack_specs(specs, ()))
    for one, sent in zip(found, specs, strict=True):
        assert type(one.strategy) is type(sent.strategy)
        assert repr(one.strategy) == repr(sent.strategy)
        assert {k: type(v) for k, v in vars(one.strategy).items()} == {
            k: type(v) for k, v in vars(sent.strategy).items()
        }
        assert vars(one) | {"strategy": None} == vars(sent) | {"strategy": None}


def test_many_lanes_take_few_bytes_each():
    specs = [LaneSpec(n, SmaCross(fast=n), "compiled", 0, (), (0,)) for n in range(1, 1001)]
    assert len(pack_specs(specs, ())) < 200 * len(specs)
