"""Facts of lanes of which a test looks at a few only."""

import dataclasses
from typing import Any

import numpy as np

from pipeline.lane.facts import LaneFacts


def told_of(**known: Any) -> dict[str, Any]:
    """Return what an engine tells of a lane: what is known, and 0 for the rest."""
    names = [field.name for field in dataclasses.fields(LaneFacts)]
    return dict.fromkeys(names[: names.index("sessions") + 1], 0) | {
        "session_equity": np.zeros(0),
        "bars": 0,
        "seconds": 0.0,
        **known,
    }


def facts_of(**known: Any) -> LaneFacts:
    """Return facts of a lane: what is known, and 0 for the rest."""
    return LaneFacts(**{"session_dates": np.zeros(0, np.int64), **told_of(**known)})
