"""The words of the page: what repeats a run, and what has to be known first."""

from pathlib import Path

import pytest

from pipeline.config.session import SessionConfig
from pipeline.runner.reporting.words import command_of, notes_first, subtitle

TOUCHED = "2 bars touched a stop and a target. Which came first is not known,"


@pytest.mark.parametrize(
    ("names", "command"),
    [
        (["mine.py:A"], "ringtape run 'my runs/x/config.json'"),
        (["__main__:A"], 'run("my runs/x/config.json", strategy=A)'),
        (["mine.py:A", "__main__:B"], 'run("my runs/x/config.json", strategy=[A, B])'),
    ],
)
def test_what_repeats_a_run(settings_of_a_session, names: list[str], command: str):
    given = settings_of_a_session(strategy=[{"name": name} for name in names])
    assert command_of(SessionConfig.load(given), Path("my runs/x")) == command


def test_what_orders_met_with_is_told_behind_the_notes():
    lane = {
        "orders_rejected": 3,
        "rejections": {"leverage": 2, "max_per_trade": 1},
        "orders_cut_by_volume_cap": 1,
        "ambiguous_bars": 2,
        "at_rest": {"AAA": 4},
    }
    summary = {
        "lanes": [{}, lane],
        "notes": ["A note."],
        "inferred": {"interval": "1d"},
        "assumptions": {"both_touched": "pessimistic"},
    }
    assert list(notes_first(summary, 1)) == [
        "Inferred from the data: interval: 1d.",
        "A note.",
        "3 orders rejected: leverage 2, max_per_trade 1.",
        "1 order cut by the cap on volume.",
        f"{TOUCHED} and the pessimistic one was taken.",
        "Orders still at rest at the end: AAA 4.",
    ]
    assert list(notes_first(summary, 0)) == ["Inferred from the data: interval: 1d.", "A note."]


def test_the_subtitle_names_the_lane_among_several():
    summary = {
        "lanes": [{"strategy": "a:A"}, {"strategy": "a:B"}],
        "symbols": list("ABCDE"),
        "streams": ["1m", "5m"],
        "sessions": 3,
        "first_session": "2024-01-02",
        "last_session": "2024-01-04",
    }
    assert subtitle(summary, 1) == (
        "a:B() (lane 1 of 2); A, B, C and 2 more; bars of 1m, 5m; 3 sessions, 2024-01-02 to "
        "2024-01-04"
    )
