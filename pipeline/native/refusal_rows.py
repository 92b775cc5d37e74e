"""What Numba's messages mean: a table of what was found, what to write, and what else runs it."""

import ast
from collections.abc import Callable
from typing import NamedTuple

from pipeline.native.constructs import INSTRUCTIONS, builtin, instruction, of_module
from pipeline.native.samples import attribute_is_there, module_has, operation_runs


class Row(NamedTuple):
    """What one message of Numba means. ``{0}`` and so on are the groups of the pattern."""

    pattern: str
    found: str | Callable[..., str]
    """What the code does; or a function of the groups that says it."""
    hint: str = ""
    """What to write in its place; empty if there is nothing to say."""
    python: bool | Callable[..., bool | None] | None = True
    """Whether plain Python runs it, so that a user need not change it; None if that is not known.
    Or a function of the groups that says it."""
    node: type[ast.AST] | None = None
    """What it is in a source, where Numba does not name the line; a Name is that of group 0."""


_TYPES = "float64|float32|int64|int32|uint64|bool|none"
#: Numba does not know the debugger.
DEBUGGER = (
    r"(?=Untyped global name 'breakpoint'|Unknown attribute 'set_trace' of type Module)"
    r".*?(breakpoint|set_trace)"
)
#: A library's date or time: what it is called, and the library.
OF_TIMES = (
    r"Unknown attribute '(?=\w+' of type Module\(<module '(?:datetime|time)'"
    r"|(?:Time|to_datetime|date)\w*' of type Module\(<module 'pandas')"
    r"(\w+)' of type Module\(<module '(\w+)'"
)
#: What to write for a dict that does not change.
PAIRS = (
    'make it a tuple of pairs, as in (("a", 0.5), ("b", 1.5)), to go through with '
    "`for name, number in ...`; what changes is a state"
)
#: Rows about Python and NumPy, for every function of a user's.
ROWS = (
    Row(
        DEBUGGER,
        "it calls {0}()",
        "it is always compiled: to debug it, call it from Python by itself",
        python=False,
    ),
    Row(
        r"format spec in f-strings not supported",
        "it has a format in an f-string, like {{x:.2f}}",
        'print the value beside the text: print("close", x)',
    ),
    Row(
        r"text of a float",
        "it makes a text of a float, in an f-string or by str()",
        'print the value beside the text: print("close", x)',
    ),
    Row(
        r"text of a value of type ([^\n]+)",
        "it makes a text of {0:kind}, in an f-string or by str()",
        'print the value beside the text: print("close", x)',
    ),
    Row(
        r"Exception object cannot be stored into variable \((\w+)\)",
        "it has an `except ... as {0}`",
        "write `except Exception:`",
    ),
    Row(
        r"<intrinsic exception_match>",
        "it has an `except` of one kind of exception",
        "write `except Exception:`, which catches every kind",
    ),
    Row(
        r"unsupported opcode \((?:STORE|DELETE)_GLOBAL\)",
        "it sets a global variable",
        "memory of a strategy is declared: name: float = state(0.0)",
        python=False,
    ),
    Row(
        r"Multiple argument raise is not supported",
        "it has a `raise ... from`",
        "leave out the from and what follows it",
        node=ast.Raise,
    ),
    Row(
        r"unsupported exception constant <class '([\w.]+)'>",
        "it raises {0}, which is no Exception",
        "raise an Exception, such as ValueError",
        python=False,
        node=ast.Raise,
    ),
    Row(
        r"unsupported constant type used for exception",
        "it raises what is no Exception",
        "raise an Exception, such as ValueError",
        python=False,
        node=ast.Raise,
    ),
    Row(
        r"unsupported opcode \(CHECK_EG_MATCH\)",
        "it has an `except*`",
        "write `except Exception:`",
    ),
    Row(
        r"unsupported opcode \(IMPORT_NAME\)",
        "it has an import",
        "import at the top of the file",
    ),
    Row(
        r"context manager|[Ww]ith.context|\bwith\b.* construct",
        "it has a `with` block",
        node=ast.With,
    ),
    Row(
        r"unsupported opcode \((\w+)\)",
        instruction,
        python=lambda name: True if name in INSTRUCTIONS else None,
    ),
    Row(
        r"use of yield in a closure is unsupported",
        "it has a generator, like all(... for ...)",
        "put brackets around it, as in all([... for ...])",
    ),
    Row(
        r"named tuple (\w+\([\w, ]*\)): left out: ([\w, ]+)",
        "it makes {0} without {1}",
        "give all of its fields: defaults do not count here",
    ),
    Row(
        r"named tuple (\w+\([\w, ]*\)): ([^\n]+)",
        "it makes {0} wrongly: {1}",
        "give each of its fields once",
        python=False,
    ),
    Row(
        r"Unknown attribute '(_replace|_asdict|_make)' of type (\w+)\(",
        "it calls {0} of the named tuple {1}",
        "write {1}(...) with all of its fields",
    ),
    Row(
        r"Untyped global name 'super'",
        "it calls super()",
        "name the base class, as in Base.method(self, bar)",
    ),
    Row(r"Untyped global name '(\w+)':.*<class 'dict'>", "{0} is a dict, which may change", PAIRS),
    Row(
        r"Untyped global name '(\w+)':.*<class '(list|set)'>",
        "{0} is a {1}, which may change",
        "make it a tuple or a NumPy array; what changes is a state",
    ),
    Row(
        r"use of a reflected (list|set).*assigned to variable '(\w+)' in globals",
        "{1} is a {0}, which may change",
        "make it a tuple or a NumPy array; what changes is a state",
    ),
    Row(
        r"Untyped global name '(\w+)':.*<class 'function'>",
        "{0} is a plain function of a library, or one of yours that a function with @njit calls",
        "plain functions of your own are compiled where no @njit is above them",
    ),
    Row(
        r"Untyped global name '(\w+)':.*<class 'builtin_function_or_method'>",
        builtin,
    ),
    Row(
        r"Untyped global name '(\w+)':.*<class 'functools._lru_cache_wrapper'>",
        "{0} is a function with a cache",
        "leave the decorator out",
    ),
    Row(r"Untyped global name '(\w+)':.*<class 'type'>", "it uses the class {0}"),
    Row(r"Untyped global name '(\w+)':.*<class '([\w.]+)'>", "{0} is an object of {1}"),
    Row(
        OF_TIMES,
        "it uses {1}.{0}",
        "times are ns UTC here, as bar.ts and ctx.now",
        module_has,
    ),
    Row(
        r"Unknown attribute '(\w+)' of type Module\(<module '([\w.]+)'",
        of_module,
        python=module_has,
    ),
    Row(
        r"Use of unsupported NumPy function '([\w.]+)'",
        "it uses {0} in a way that the compiler does not know",
    ),
    Row(
        r"Cannot unify (.+?) and (.+?) for '(\w+)[\w.]*', defined at",
        "{2} is first {0:kind}, then {1:kind}",
        "give it one type; nan stands for a number that is not there",
    ),
    Row(
        r"NameError: name '(\w+)' is not defined",
        "name '{0}' is not defined",
        python=False,
        node=ast.Name,
    ),
    Row(
        r"Invalid use of ringtape\.Namespace\((\w+),",
        "it makes an object of the class {0}",
        "use numbers, tuples and named tuples",
    ),
    Row(
        r"Unknown attribute '(\w+)' of type ringtape\.Namespace\((\w+),",
        "{1} has no constant or function '{0}'",
        "constants are numbers, texts, tuples and arrays",
        python=False,
    ),
    Row(
        r"Cannot set attribute '(\w+)' of type ringtape\.Namespace\((\w+),",
        "it sets {1}.{0}",
        "memory of a strategy is declared: name: float = state(0.0)",
        python=False,
    ),
    Row(
        r"Cannot capture the non-constant value associated with variable '(\w+)'",
        "it hands on a function that reads its variable {0}",
        "write a loop, or a function of the module that is given all it needs",
    ),
    Row(
        rf"Invalid use of ({_TYPES}) with parameters",
        "it calls {0:kind}",
        "leave the parentheses out where a name is a value",
        python=False,
    ),
    Row(
        r"Cannot cast (Int)?Enum[^(]*\((\w+)\)",
        "it calculates with a member of {1}",
        "write .value behind it",
        lambda whole, name: whole != "",
    ),
    Row(
        r"No implementation of function Function\(<[^\n]*?(\w+)'?(?: at \w+)?>\)"
        r".*?>>> \w+\(([^\n]*?Enum<[^\n]*?>\((\w+)\)[^\n]*)\)",
        "it has the operation {0} of a member of {2}",
        "write .value behind it",
        lambda name, kinds, _: operation_runs(name, kinds),
    ),
    Row(
        r"module 'numpy' has no attribute '(?:Int)?Enum<.*?>\((\w+)\)'",
        "it puts a member of {0} into an array",
        "write .value behind it",
    ),
    Row(
        r"module '([\w.]+)' has no attribute '(\w+)'",
        lambda module, name: of_module(name, module),
        python=False,
    ),
    Row(
        r"compiler re-entrant to the same function signature",
        "it calls itself through self",
        "write a loop, or a function outside the class, which may call itself",
    ),
    Row(
        r"circle of calls through '(\w+)'",
        "it calls {0}, which leads back here",
        "make one function of those that call each other, which may call itself, or a loop",
    ),
    Row(
        r"cannot type infer runaway recursion",
        "it calls itself wherever it returns, so that no call would end",
        "return a value without a call in one of its cases",
        python=False,
    ),
    Row(
        r"Unsupported use of cell variable",
        "it has a function inside that calls itself or sets a variable of the outer one",
        "write it outside, as a function of the module",
    ),
    Row(
        r"Cannot cast ((?:reflected |unaligned )?(?:list|set|array|DictType|ListType|Tuple"
        r"|UniTuple)\b.+?) to (\w+):",
        "it puts {0:kind} where {1:kind} belongs",
        "a state, a parameter and an argument are one number each",
        python=False,
    ),
    Row(
        r"Cannot cast (.+?) to (\w+):",
        "it puts {0:kind} where {1:kind} belongs",
        python=False,
    ),
    Row(
        r"No implementation of function Function\(<\w+[^']*'(\w+)'>\).*?"
        r">>> \w+\(([^\n]*readonly array[^\n]*)\)\n",
        "it calls {0} with {1:kinds}",
        "if it writes there, work on a copy, as in ctx.window(...).copy()",
        python=False,
    ),
    Row(
        r"<built-in function mod>.*?>>> mod\((?:Literal\[str\]|unicode_type)",
        "it formats a text with %",
        "print the values themselves",
    ),
    Row(
        r"Unknown attribute 'format' of type (?:Literal\[str\]|unicode_type)",
        "it formats a text",
        "print the values themselves",
    ),
    Row(
        r"Unknown attribute '(\w+)' of type ([^\n]+)",
        "{1:kind} has no attribute '{0}'",
        python=attribute_is_there,
    ),
    Row(
        r"AssertionError in containers\.py",
        "it has a set of what the compiler takes in no set",
        "use a tuple",
        node=ast.Set,
    ),
    Row(
        r"constraint encountered: del \((\w+)\)\.(\w+)",
        "it deletes {0}.{1}",
        python=lambda owner, _: owner != "self",
    ),
    Row(r"variable '(\w+)' is deleted", "it deletes the variable {0}", "leave the del out"),
    Row(
        r"Variable '(\w+)' is not defined",
        "it reads its variable {0} above the line that first sets it",
        "set it before; memory of a strategy is declared: {0}: float = state(0.0)",
        python=False,
        node=ast.Name,
    ),
    Row(
        r"variable '(\w+)' of a comprehension, too",
        "its variable {0} may have no value, and is one of a comprehension, too",
        "give one of the two another name",
    ),
    Row(
        r"Unsupported op-code encountered: null\(\)",
        "it has a function inside whose variables may have no value where they are read",
        "set them before the branch, or write the function outside",
    ),
    Row(
        r"No implementation of function Function\(<built-in function pow>\).*?>>> pow\([^,\n]+, "
        r"[^,\n]+, [^,\n]+\)\n",
        "it calls pow with three arguments",
        "write x ** y % z",
    ),
    Row(
        r"No implementation of function Function\(<(?:built-in )?(?:function|class) '?([\w.]+)"
        r"[^\n]*?>\).*?>>> [\w.]+\([^\n]*?(?:\(|, )([a-z]\w*)=[^\n]*\)\n",
        "it calls {0} with {1}=, which is not compiled",
        "write a loop",
        python=None,
    ),
    Row(
        r"Keyword arguments are not supported",
        "it gives an argument by its name to a function that takes none so here",
        "leave the name out",
    ),
    Row(
        r"<built-in function truth>.*?>>> truth\((?:OptionalType|\?)",
        "it asks of a value that may be None whether it is true",
        "write if x is not None and x != 0",
    ),
    Row(
        r"No implementation of function Function\(<built-in function (\w+)>\).*?>>> \w+\((.*?)\)\n",
        "it has the operation {0} of {1:kinds}",
        python=operation_runs,
    ),
    Row(
        r"No implementation of function Function\(<(?:function|ufunc|class) '?(?:impl_)?([\w.]+).*?"
        r">>> \w+\((.*?)\)\n",
        "it calls {0} with {1:kinds}",
        python=operation_runs,
    ),
)
#: Within a comprehension a variable is assigned to that the function outside shares with it.
_WALRUS = Row(
    r"Unsupported use of cell variable",
    "it has a `:=` within a comprehension",
    "write a loop, or assign on a line of its own",
    node=ast.NamedExpr,
)
#: Numba takes the arguments of an exception for constants.
_GROUP = Row(
    r"unhashable type: '(\w+)'",
    "it raises an exception with a {0} in it, such as a group of exceptions",
    "raise one exception, with a text",
    node=ast.Raise,
)
#: Rows that count only where a function has what they are about.
IF_THERE = _WALRUS, _GROUP
