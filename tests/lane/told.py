"""What a lane tells of itself at its end, where it comes to what the reference comes to."""

from pipeline import Strategy
from pipeline.lane.facts import LaneFacts
from pipeline.lane.spec import Terms
from tests.reference.in_process import Setup, assert_same, run_in_process
from tests.reference.market import Market
from tests.reference.replay import TERMS, replay


def facts_as_the_reference(
    market: Market, strategy: Strategy, mode: str, terms: Terms = TERMS
) -> LaneFacts:
    """Run one lane over a market, compare it with the reference, and return its facts."""
    told: list[LaneFacts] = []
    (found,), _ = run_in_process(
        market, [strategy], Setup(mode=mode), terms, tell=lambda facts, _: told.extend(facts)
    )
    assert_same(found, replay(market, strategy, terms))
    return told[0]
