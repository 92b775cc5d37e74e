"""How long an order lasts: a value of its ``until``, or a time in ns UTC (good till then)."""

from pipeline.execution import orders

#: Good till cancelled.
GTC = orders.GTC
#: Until the session closes; placed at its very close, until the next one does.
DAY = orders.DAY
#: Immediate or cancel: at the first bar that it meets, else never.
IOC = orders.IOC
#: Fill or kill: at the first bar that it meets, and there as a whole, else never.
FOK = orders.FOK
