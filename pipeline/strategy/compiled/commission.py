"""A user's own commission: a plain function of one order, compiled for the kernel to call.

```python
def commission(order):
    return max(1.0, 0.001 * order.value)
```

The function is given a BILL (`execution.commission`) and returns what the order owes in all.
Strategies in plain Python are charged by the same compiled function.
"""

from types import FunctionType
from typing import Any

import numba
from numba import types

from pipeline.dependencies.code import code_hash
from pipeline.errors import StrategyError
from pipeline.execution.commission import BILL
from pipeline.native.compiler import compiled_for
from pipeline.native.refusal_rows import Row
from pipeline.native.refusals import why_not_compiled
from pipeline.native.users import users_part
from pipeline.strategy.compiled.hooks import cached_module
from pipeline.strategy.compiled.shown import shown_at
from pipeline.strategy.wrong_name import no_such_name, not_set

#: What a compiled commission is: (address of a BILL) -> what is owed.
COMMISSION_SIGNATURE = types.float64(types.int64)
_NAMES = BILL.names or ()
_ROWS = (
    Row(
        r"Unknown attribute '(\w+)' of type ringtape\.Shown",
        lambda name: no_such_name("order", name, _NAMES),
        python=False,
    ),
    Row(
        r"Cannot set attribute '(\w+)' of type ringtape\.Shown",
        lambda name: not_set("order", name),
        python=False,
    ),
)
_SOURCE = """\
def commission(address):
    return body(bill(address))
"""


def compile_commission(function: FunctionType) -> Any:
    """Compile a user's function; the kernel calls it by its address (`native.call.code_address`).

    Raises StrategyError with file, line and Numba's reason if it cannot be compiled.
    """
    key = code_hash(function, function.__module__, repr(BILL), numba.__version__)
    module = cached_module(f"commission_{function.__name__}_{key}", _SOURCE)
    module.body, module.bill = users_part(function), shown_at("order", BILL, _NAMES)
    try:
        return compiled_for(COMMISSION_SIGNATURE, module.commission)
    except Exception as error:  # noqa: BLE001 - Numba raises errors of every class
        why = why_not_compiled(function.__name__, function, error, _ROWS)
        raise StrategyError(why).behind(error) from None
