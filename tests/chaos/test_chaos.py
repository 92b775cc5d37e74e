"""A round of each kind of accident; `python -m tests.chaos --rounds 1000` has many."""

import json
import sys
import tempfile
from pathlib import Path

import pytest

from tests.chaos.__main__ import play_all
from tests.chaos.plan import KINDS, plan_of
from tests.chaos.prepare import prepare

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="accidents of Linux")

SEED = 2306


def test_after_each_kind_of_accident_the_result_is_right_or_the_error_clear():
    # Not below pytest's: its path leaves no room for a socket's, so all rounds would share /tmp.
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        prepare(folder / "prepared")
        found = list(play_all(folder, SEED, rounds=len(KINDS), jobs=2))
    assert sorted(one["kind"] for one in found) == list(KINDS)
    assert [json.dumps(one) for one in found if one["faults"]] == []
    assert any(one["told"] for one in found)


def test_a_round_is_the_same_for_a_seed_and_each_kind_comes_equally_often():
    plans = [plan_of(SEED, number) for number in range(200)]
    assert plans == [plan_of(SEED, number) for number in range(200)]
    assert plans != [plan_of(SEED + 1, number) for number in range(200)]
    assert {kind: sum(one.kind == kind for one in plans) for kind in KINDS} == dict.fromkeys(
        KINDS, 20
    )
