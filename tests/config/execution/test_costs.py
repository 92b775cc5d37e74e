"""What fills cost is said in one way, and no latency beside fills that need none."""

import pytest

from pipeline.config.session import SessionConfig
from tests.refusals import refusal


@pytest.mark.parametrize("setting", ["latency_ms", "latency_bars"])
def test_a_latency_is_too_late_for_this_close(settings_of_a_session, setting):
    found = refusal(settings_of_a_session(), "execution.fill=this_close", f"execution.{setting}=1")
    assert found.startswith(f"execution.{setting} is 1")
    assert "an order with a latency is late for this close" in found


@pytest.mark.parametrize(
    ("chosen", "beside", "shown"),
    [
        ({"commission": "fees:fee"}, {"commission_bps": 5}, "5.0"),
        ({"commission": "fees:fee"}, {"commission_minimum": 0}, "0.0"),
        ({"commission_tiers": [{"above": 0}]}, {"commission_maker_bps": -1}, "-1.0"),
    ],
)
def test_commission_is_said_in_one_way(settings_of_a_session, chosen, beside, shown):
    execution = {**chosen, **beside}
    (name,), (other,) = beside, chosen
    assert refusal(settings_of_a_session(execution=execution)) == (
        f"execution.{name} is {shown}, expected not to be set beside {other}, which takes its place"
    )


def test_the_most_commission_is_not_below_the_least(settings_of_a_session):
    execution = {"commission_minimum": 2, "commission_maximum": 1}
    assert refusal(settings_of_a_session(execution=execution)) == (
        'execution.commission_maximum is "1.0", expected at least commission_minimum 2.0'
    )


def test_tiers_are_read_from_a_list(settings_of_a_session):
    tiers = [{"above": 0, "bps": 2}, {"above": 1e6, "bps": 1}]
    config = SessionConfig.load(settings_of_a_session(execution={"commission_tiers": tiers}))
    assert [(tier.above, tier.bps) for tier in config.execution.commission_tiers] == [
        (0.0, 2.0),
        (1e6, 1.0),
    ]
