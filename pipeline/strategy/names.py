"""What hooks are given, and the names that each of it has, in both modes."""

from pipeline.codes import PRICE_COLUMNS
from pipeline.strategy.bar import BAR_FIELDS
from pipeline.strategy.context import Context
from pipeline.strategy.events import Fill, Order, Session
from pipeline.strategy.local_time import LocalTime

#: What hooks are given besides ``self``, and the names that each has. Bars have the strategy's
#: indicators, too.
NAMES: dict[str, tuple[str, ...]] = {
    "bar": BAR_FIELDS,
    "bars": ("ts", "interval", "count", "present", *PRICE_COLUMNS),
    "fill": Fill._fields,
    "order": Order._fields,
    "session": Session._fields,
    "ctx.time": LocalTime._fields,
    "ctx": tuple(name for name in dir(Context) if not name.startswith("_")),
}
