"""How Numba's passes run when it compiles for this package: the same passes, with less around them.

Numba describes every pass in an event: the types of all arguments, as text, and all flags. With
records of a hundred fields that takes a tenth of the time, and nobody listens to it here.
"""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from numba.core import compiler, errors
from numba.core.compiler_machinery import PassManager
from numba.core.typed_passes import (
    AnnotateTypes,
    InlineOverloads,
    NopythonRewrites,
)
from numba.core.untyped_passes import (
    DeadBranchPrune,
    InlineClosureLikes,
    InlineInlinables,
    LiteralUnroll,
    RewriteSemanticConstants,
    WithLifting,
)

#: Passes that find nothing to do in a kernel of this package, and take a twelfth of its time. They
#: are about functions within functions and comprehensions, what is inlined by a wish of its own,
#: expressions of arrays, records' fields by text, None, `len` of a tuple and the number of an
#: array's dimensions in a condition, ``literal_unroll``, `with`, and about text for people.
_UNNEEDED_BY_KERNELS = (
    *(AnnotateTypes, DeadBranchPrune, InlineClosureLikes, InlineInlinables, InlineOverloads),
    *(LiteralUnroll, NopythonRewrites, RewriteSemanticConstants, WithLifting),
)


class Pipeline(compiler.Compiler):  # type: ignore[misc]  # numba is untyped
    """Numba's passes, with pass classes that a subclass adds or leaves out, run by `_Passes`."""

    #: Pass classes that come right before one of Numba's, and right after it.
    before: Mapping[Any, tuple[Any, ...]] = MappingProxyType({})
    after: Mapping[Any, tuple[Any, ...]] = MappingProxyType({})
    left_out: tuple[Any, ...] = ()

    def define_pipelines(self) -> list[Any]:
        """Return the passes to run."""
        return [_Passes(self._with_own(numbas)) for numbas in super().define_pipelines()]

    def _with_own(self, numbas: Any) -> Any:
        """Put the added passes beside those of Numba's that they belong to; leave others out."""
        passes = []
        for one in numbas.passes:
            if one[0] in self.left_out:
                continue
            passes += [(added, added.__name__) for added in self.before.get(one[0], ())]
            passes.append(one)
            passes += [(added, added.__name__) for added in self.after.get(one[0], ())]
        numbas.passes = passes
        return numbas


class KernelPipeline(Pipeline):
    """Those of Numba's passes that kernels of this package need."""

    left_out = _UNNEEDED_BY_KERNELS


class _Passes(PassManager):  # type: ignore[misc]  # numba is untyped
    """Runs the passes of another manager without events and timings."""

    def __init__(self, numbas: Any) -> None:
        super().__init__(numbas.pipeline_name)
        self.passes = numbas.passes
        self.finalize()

    def _runPass(self, index: int, pss: Any, internal_state: Any) -> None:  # noqa: N802
        pss.analysis = self._analysis
        with errors.new_error_context(  # type: ignore[attr-defined]
            "Pass {name}", name=pss.name()
        ):
            pss.run_initialization(internal_state)
            pss.run_pass(internal_state)
            pss.run_finalizer(internal_state)


@contextmanager
def unwarned() -> Iterator[None]:
    """Keep Numba from warning of what it can do for the first time while the block lasts.

    A user who goes through a tuple of functions has asked for no feature of Numba's.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", errors.NumbaExperimentalFeatureWarning)
        yield
