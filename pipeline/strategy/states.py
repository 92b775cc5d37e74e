"""States of an order: what ``order.state`` is compared with; below FILLED it is at rest."""

from pipeline.execution import orders

ACCEPTED = orders.ACCEPTED
TRIGGERED = orders.TRIGGERED
PARTLY_FILLED = orders.PARTLY_FILLED
FILLED = orders.FILLED
CANCELLED = orders.CANCELLED
EXPIRED = orders.EXPIRED
REJECTED = orders.REJECTED
