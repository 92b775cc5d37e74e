"""States of an order: what ``order.state`` is compared with; below FILLED it is at rest."""

from pipeline.codes import (
    ACCEPTED,
    CANCELLED,
    EXPIRED,
    FILLED,
    PARTLY_FILLED,
    REJECTED,
    TRIGGERED,
)

__all__ = [
    "ACCEPTED",
    "CANCELLED",
    "EXPIRED",
    "FILLED",
    "PARTLY_FILLED",
    "REJECTED",
    "TRIGGERED",
]
