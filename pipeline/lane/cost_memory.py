"""The memory with which a lane's commission is found: its tiers, and a user's own function."""

from collections.abc import Sequence
from types import FunctionType
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import HookError
from pipeline.execution.broken import NO_COST
from pipeline.execution.commission import TIER
from pipeline.lane.raised import describe_cost
from pipeline.lane.spec import Terms
from pipeline.native.call import code_address
from pipeline.strategy.compiled.commission import compile_commission
from pipeline.strategy.source import unpack


class Pricing:
    """Owns the tiers and the function that accounts know by address, and lives as long as they do.

    Raises StrategyError with file and line if the user's function cannot be compiled.
    """

    def __init__(self, terms: Terms) -> None:
        points = terms.maker_points
        self._maker_points = terms.basis_points if points is None else points
        self._tiers = np.array(list(terms.tiers), TIER)
        self._function: FunctionType | None = None
        self._address = 0
        if terms.own_commission:
            self._function = unpack(terms.own_commission)
            self._compiled = compile_commission(self._function)
            self._address = code_address(self._compiled)

    def write(self, account: npt.NDArray[Any]) -> None:
        """Write what they are into an account, ACCOUNT[1]."""
        record = account[0]
        record["maker_points"] = self._maker_points
        record["tiers"], record["tier_count"] = self._tiers.ctypes.data, len(self._tiers)
        record["own_commission"] = self._address

    def check(
        self, account: npt.NDArray[Any], bill: npt.NDArray[Any], symbols: Sequence[str]
    ) -> None:
        """Raise HookError with file and line if the user's function has failed for a fill.

        ``bill``: the account's, BILL[1].
        """
        if account[0]["broken"] == NO_COST:
            assert self._function is not None
            raise HookError(describe_cost(self._function, bill, int(account[0]["now"]), symbols))
