"""The memory with which a lane's commission is found: its tiers, and a user's own function."""

from collections.abc import Sequence
from types import FunctionType
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import HookError
from pipeline.execution.broken import NO_COST
from pipeline.execution.commission import BILL, TIER
from pipeline.lane.raised import describe_cost
from pipeline.lane.spec import Terms
from pipeline.native.call import code_address
from pipeline.strategy.compiled.commission import compile_commission
from pipeline.strategy.source import unpack


class Pricing:
    """Owns the tiers and the bill that an account knows by address, and lives as long as it does.

    Raises StrategyError with file and line if the user's function cannot be compiled.
    """

    def __init__(self, terms: Terms, account: npt.NDArray[Any]) -> None:
        self._account = account
        record = account[0]
        points = terms.maker_points
        record["maker_points"] = terms.basis_points if points is None else points
        self._tiers = np.array(list(terms.tiers), TIER)
        record["tiers"], record["tier_count"] = self._tiers.ctypes.data, len(self._tiers)
        self._bill = np.zeros(1, BILL)
        if terms.own_commission:
            self._function: FunctionType = unpack(terms.own_commission)
            self._compiled = compile_commission(self._function)
            record["own_commission"] = code_address(self._compiled)
            record["bill"] = self._bill.ctypes.data

    def check(self, symbols: Sequence[str]) -> None:
        """Raise HookError with file and line if the user's function has failed for a fill."""
        if self._account[0]["broken"] == NO_COST:
            now = int(self._account[0]["now"])
            raise HookError(describe_cost(self._function, self._bill, now, symbols))
