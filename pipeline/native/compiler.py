"""How a kernel is compiled: in a third of the time that Numba's ``njit`` takes.

Numba compiles every function as a program of its own: it is optimised together with all that it
calls, turned into machine code, given an entry for Python and one for C, and written to disk; then
its caller does all of that again with a copy of it inside. Here that happens once, to what Python
calls::

    Python calls f          f is an entry: optimised with all parts below it, kept on disk
    compiled code calls f   f is a part: typed and lowered once, its IR linked into each entry

A kernel becomes an entry when Python calls it, and a part when compiled code does; it may be both.
A part is compiled for types, not for constants: a call with a literal argument compiles no version
of its own, because the optimiser sees the constant once the part is inlined.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from llvmlite import binding as llvm
from numba.core import compiler, types
from numba.core.codegen import JITCodeLibrary
from numba.core.dispatcher import _FunctionCompiler  # type: ignore[attr-defined]
from numba.core.registry import CPUDispatcher, cpu_target
from numba.core.sigutils import normalize_signature

from pipeline.native.collector import uncollected
from pipeline.native.kept_code import KeptCode, provide_runtime
from pipeline.native.passes import Pipeline, unwarned
from pipeline.native.plain import PLAIN

#: Modules of this package that tell Numba of what it does not know, or does in another way.
_EXTENSIONS = (
    *("power", "enums", "assignments", "known", "named_tuples", "python_functions", "sorting"),
    *("try_blocks", "view_names"),
)


def compiled_for(signature: Any, function: Callable[..., Any]) -> Any:
    """Return a function as an entry of one signature, compiled or found on disk at once.

    Compiled code takes such a function by its address, as an argument or from a record.
    """
    if PLAIN:
        return function
    entry = Entry(function, targetoptions={"nopython": True})
    entry.compile(signature)
    entry.disable_compile()
    return entry


def get_ready_to_load() -> None:
    """Prepare this process, and those that it forks, to load machine code from disk."""
    cpu_target.target_context.codegen()
    provide_runtime()


@cache
def get_ready_to_compile() -> None:
    """Prepare this process, and those that it forks, to compile; takes a third of a second.

    It happens at the latest before the first function is compiled.
    """
    _import_numpy_functions()
    for extension in _EXTENSIONS:
        import_module(f"pipeline.native.{extension}")
    provide_runtime()
    cpu_target.typing_context.refresh()
    cpu_target.target_context.refresh()


def _import_numpy_functions() -> None:
    """Import Numba's versions of NumPy's functions, and not yet SciPy with them.

    Numba imports SciPy there, for a tenth of a second, to see whether it can multiply matrices. It
    can, because this package requires SciPy. A function that does imports it when it is compiled.
    """
    linalg: Any = import_module("numba.np.linalg")
    ensure_blas = linalg.ensure_blas
    linalg.ensure_blas = lambda: None
    try:
        import_module("numba.np.arraymath")
    finally:
        linalg.ensure_blas = ensure_blas


class Entry(CPUDispatcher):  # type: ignore[misc]  # numba is untyped
    """A kernel as Python calls it; to compiled code it hands out its part.

    ``pipeline``: the passes that compile both.
    """

    _cache: Any

    def __init__(
        self,
        py_func: Any,
        locals: Any = None,  # noqa: A002  # as Numba names it
        targetoptions: Any = None,
        pipeline: Any = Pipeline,
    ) -> None:
        super().__init__(py_func, locals, targetoptions)
        self._compiler = _OwnCompiler(self, _EntryLibrary, pipeline=pipeline)
        self.part = Part(py_func, locals, targetoptions, pipeline)

    def compile(self, sig: Any) -> Any:
        """Compile for a signature, or find on disk what was compiled before; its entry point."""
        arguments, _ = normalize_signature(sig)
        if tuple(arguments) in self.overloads or not self._can_compile:
            return super().compile(sig)
        with self._kept().alone(), uncollected(), unwarned():
            return super().compile(sig)

    def load(self) -> None:
        """Load the machine code of all signatures that are on disk; compile nothing."""
        kept = self._kept()
        for signature in kept.signatures(self.targetctx.codegen()):
            found = kept.load_overload(signature, self.targetctx)
            if found is not None:
                self.add_overload(found)

    def _kept(self) -> KeptCode:
        if not isinstance(self._cache, KeptCode):
            self._cache = KeptCode(self.py_func)
        return self._cache

    def _compilation_chain_init_hook(self) -> None:
        """Do not look for extensions of Numba before a call; only their users' functions need them.

        The compiler looks for them when it gets ready.
        """

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """Find the version that compiled code calls with arguments of these types."""
        return self.part.get_call_template(args, kws)

    def get_overload(self, sig: Any) -> Any:
        """Find what compiled code calls for a signature."""
        return self.part.get_overload(sig)


class Part(CPUDispatcher):  # type: ignore[misc]  # numba is untyped
    """A kernel as compiled code calls it: no machine code of its own, no entry, no file.

    ``pipeline``: the passes that compile it.
    """

    def __init__(
        self,
        py_func: Any,
        locals: Any = None,  # noqa: A002  # as Numba names it
        targetoptions: Any = None,
        pipeline: Any = Pipeline,
    ) -> None:
        super().__init__(py_func, locals, targetoptions)
        switches = "no_compile", "no_cpython_wrapper", "no_cfunc_wrapper"
        self._compiler = _OwnCompiler(self, _PartLibrary, *switches, pipeline=pipeline)

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """Find the version for the types of arguments; constants count by their types alone."""
        named = {name: self._plain_type(kind) for name, kind in kws.items()}
        return super().get_call_template(tuple(map(self._plain_type, args)), named)

    def _plain_type(self, kind: Any) -> Any:
        """Return the type of an argument without its value; of an IntEnum's member, its number."""
        if isinstance(kind, types.IntEnumMember):
            return kind.dtype
        return types.unliteral(kind)  # type: ignore[attr-defined]

    def add_overload(self, cres: Any) -> None:
        """Let compiled code find a version that was compiled; Python cannot call it."""
        known = cres._replace(entry_point=object())
        self.targetctx.insert_user_function(known.entry_point, known.fndesc, [known.library])
        self.overloads[tuple(known.signature.args)] = known


class _OwnCompiler(_FunctionCompiler):  # type: ignore[misc]  # numba is untyped
    """Compiles functions into libraries of the class ``library`` with the flags ``switches``."""

    def __init__(self, dispatcher: Any, library: Any, *switches: str, pipeline: Any) -> None:
        super().__init__(
            dispatcher.py_func,
            dispatcher.targetdescr,
            dispatcher.targetoptions,
            dispatcher.locals,
            pipeline,
        )
        self._library = library
        self._switches = switches

    def _compile_core(self, args: Any, return_type: Any) -> Any:
        get_ready_to_compile()
        flags = compiler.Flags()
        self.targetdescr.options.parse_as_flags(flags, self.targetoptions)
        for name in self._switches:
            setattr(flags, name, True)
        target = self.targetdescr.target_context
        library = self._library(target.codegen(), self.py_func.__qualname__)
        library.enable_object_caching()
        compiled = compiler.compile_extra(
            self.targetdescr.typing_context,
            target,
            self.py_func,
            args=args,
            return_type=return_type,
            flags=flags,
            locals=self.locals,
            library=library,
            pipeline_class=self.pipeline_class,
        )
        if not flags.no_compile:
            # Numba does this when it loads a function. When it compiles one, it expects that the
            # parts below have been made machine code before.
            for environment in compiled._find_referenced_environments():
                target.codegen().set_env(environment.env_name, environment)
        return compiled


class _OwnLibrary(JITCodeLibrary):  # type: ignore[misc]  # numba is untyped
    """A library whose functions are optimised as Numba does it, by passes that are made once."""

    def _optimize_functions(self, ll_module: Any) -> None:
        # Numba makes the passes anew for every function, also for one that is only declared.
        ll_module.data_layout = self._codegen._data_layout
        passes, builder = _function_passes(self._codegen)
        for function in ll_module.functions:
            if not function.is_declaration:
                passes.run(function, builder)


@cache
def _function_passes(codegen: Any) -> Any:
    """Return the passes over a single function, and what they are run with."""
    return codegen._function_pass_manager()


class _EntryLibrary(_OwnLibrary):
    """The machine code of an entry and of all parts below it."""

    def _optimize_final_module(self) -> None:
        # Nobody else calls the parts in here: one that has a single caller becomes a piece of it.
        for function in self._final_module.functions:
            if not function.is_declaration and function.linkage == llvm.Linkage.linkonce_odr:
                function.linkage = llvm.Linkage.internal
                # MCJIT looks for a function by its name also in modules that hide theirs. A user's
                # own ``njit`` function that calls the same part would find this one, at address 0.
                function.name += ".inside"
        super()._optimize_final_module()

    def serialize_using_object_code(self) -> Any:
        """Return the machine code as it is kept on disk, with the names of what others may call.

        Numba keeps the IR as well, for callers that take it in, and spends most of a load on it.
        Here callers take in parts. So in place of the IR stands a module of empty functions.
        """
        self._ensure_finalized()
        names = [
            function.name
            for function in self._final_module.functions
            if not function.is_declaration and function.linkage == llvm.Linkage.external
        ]
        empty = "\n".join(f'define void @"{name}"() {{ ret void }}' for name in names)
        data = self._get_compiled_object(), llvm.parse_assembly(empty).as_bitcode()
        return self.name, "object", data


class _PartLibrary(_OwnLibrary):
    """The IR of a part and of all parts below it, neither optimised nor made machine code."""

    _shared_module: Any

    def finalize(self) -> None:
        """Note that the library is complete."""
        self._raise_if_finalized()
        self._finalized = True

    def _get_module_for_linking(self) -> Any:
        """Return the module that a caller takes in; others may bring the same functions."""
        self._ensure_finalized()
        if self._shared_module is None:
            module = self._final_module
            for library in dict.fromkeys(self._linking_libraries):
                self._reload_init.update(library._reload_init)
                module.link_in(library._get_module_for_linking(), preserve=True)
            for function in module.functions:
                if not function.is_declaration and function.linkage == llvm.Linkage.external:
                    function.linkage = "linkonce_odr"
            self._shared_module = module
        return self._shared_module
