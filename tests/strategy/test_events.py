"""Fills, orders and sessions are the same to interpreted and compiled hooks."""

from typing import get_type_hints

import numpy as np
import pytest

from pipeline import MINUTE, Fill, Order, Session, Strategy
from pipeline.execution.fills import FILL
from pipeline.execution.orders import REPORTED
from pipeline.tape.slot import SHOWN_SESSION
from tests.reference.in_process import Setup, run_in_process
from tests.reference.market import Market, random_walk, session_table

T0 = 1_700_006_400_000_000_000


@pytest.mark.parametrize(
    ("kind", "record"),
    [(Fill, FILL), (Order, REPORTED), (Session, SHOWN_SESSION)],
    ids=lambda one: "",
)
def test_the_fields_are_those_of_the_record_that_compiled_hooks_see(kind: type, record: np.dtype):
    of_record = {name: float if record[name].kind == "f" else int for name in record.names}
    assert get_type_hints(kind) == of_record
    assert kind._fields == record.names


def test_interpreted_hooks_are_given_them():
    seen = []

    class Keeper(Strategy):
        def on_session_open(self, session, ctx):
            seen.append(session)
            ctx.market(0, 2.0)

        def on_fill(self, fill, ctx):
            seen.append(fill)

        def on_order(self, order, ctx):
            seen.append(order)

    ts = T0 + MINUTE * np.arange(5, dtype=np.int64)
    spans = session_table([(T0, T0 + 5 * MINUTE)])
    run_in_process(Market({"A": random_walk(ts, 1)}, spans, ("1m",)), [Keeper()], Setup())
    session, fill, order = seen
    assert isinstance(session, Session)
    assert (session.index, session.open, session.close) == (0, T0, T0 + 5 * MINUTE)
    assert isinstance(fill, Fill)
    assert (fill.symbol, fill.quantity, fill.order_id) == (0, 2.0, order.order_id)
    assert isinstance(order, Order)
    assert (order.filled, order.price, order.done_ts) == (2.0, fill.price, fill.ts)
