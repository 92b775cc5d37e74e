"""Facts of lanes of which a test looks at a few only."""

from typing import Any

import numpy as np

from pipeline.lane.facts import LaneFacts
from pipeline.results.tally import LaneTally


def facts_of(**known: Any) -> LaneFacts:
    """Return facts of a lane: those given, no sessions unless given, and 0 for the rest."""
    names = LaneFacts._fields
    empty = {
        "session_dates": np.zeros(0, np.int64),
        "session_equity": np.zeros(0),
        "never_ready": (),
        "never_called": (),
        "positions": (),
    }
    dates = known.get("session_dates", ())
    numbers = {"sessions": len(dates), "record": LaneTally().facts()}
    return LaneFacts(**(dict.fromkeys(names, 0) | empty | numbers | known))
