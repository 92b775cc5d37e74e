"""Strategies of which some sets end badly."""

import os
import sys
from pathlib import Path
from typing import Any

from pipeline import Strategy
from pipeline import indicators as ind

WELL, RAISES, ABORTS, HANGS, LEAVES = range(5)


class Poisoned(Strategy):
    """Does in plain Python what `kind` says."""

    span: int = 3
    kind: int = WELL

    def indicators(self) -> dict[str, Any]:
        return {"mean": ind.sma(self.span)}

    def on_bar(self, bar: Any, ctx: Any) -> None:
        if self.kind != WELL and ctx.count(bar.symbol) == 500:
            if self.kind == RAISES:
                raise ValueError("bad luck")
            if self.kind == ABORTS:
                os.abort()
            if self.kind == LEAVES:
                os._exit(0)
            while True:
                pass
        ctx.target(bar.symbol, 1.0 if bar.close > bar.mean else 0.0)


class StreamCloser(Strategy):
    """Leaves a closed stream behind, which its process would write out at its end."""

    span: int = 3

    def on_bar(self, bar: Any, ctx: Any) -> None:
        ctx.target(bar.symbol, 1.0)

    def on_stop(self, ctx: Any) -> None:
        with Path(os.devnull).open("w") as sys.stdout:
            pass


class CompiledPoison(Strategy):
    """The same as machine code, which cannot abort."""

    span: int = 3
    kind: int = WELL

    def indicators(self) -> dict[str, Any]:
        return {"mean": ind.sma(self.span)}

    def on_bar(self, bar: Any, ctx: Any) -> None:
        if self.kind == RAISES and ctx.count(bar.symbol) == 500:
            raise ValueError("bad luck")
        while self.kind == HANGS and ctx.count(bar.symbol) >= 500:
            ctx.cancel(0)
        ctx.target(bar.symbol, 1.0 if bar.close > bar.mean else 0.0)
