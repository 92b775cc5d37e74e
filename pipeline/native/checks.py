"""What a user's function may not do although Numba would compile it, found when types are known.

- A number is compared with a text, or looked up among texts, and so is the text of a whole number.
  Numba makes that False without a word, as Python does.
- An attribute is set that is not meant to be: of what a hook is given, or a constant. One that is
  declared as a whole number is given a float.
- A number, a text, a tuple or a class is compared by ``is``. Numba compares values, and calls those
  of two types different.
- A float, a list or the like is made a text, which Numba cannot. So is a variable that is a bool in
  one case and a number in another, of which Numba has the number.
- Functions call each other in a circle. Numba settles the types of one before it knows those of the
  other, and where they differ, a number is read as one of another type.

Each is a TypingError with the line, as Numba's own are; `refusals` makes a sentence of it.
"""

import operator
from typing import Any

from numba import types
from numba.core import ir
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.errors import TypingError
from numba.core.ir_utils import find_const, get_definition, guard

_EQUAL = (operator.eq, operator.ne)
_SAME = (operator.is_, operator.is_not)
_SEQUENCES = (types.BaseTuple, types.List)
#: Methods that look for their argument among the items of a container.
_LOOKING = ("count", "index", "remove", "discard")
_TEXTS = types.UnicodeType | types.StringLiteral | types.UnicodeCharSeq

#: What has no identity in compiled code, in words.
_COMPARED_BY_VALUE = (
    (types.Number | types.Boolean, "number"),
    (_TEXTS, "text"),
    (types.BaseTuple, "tuple"),
    (types.NumberClass | types.Function, "class"),
)


@register_pass(mutates_CFG=False, analysis_only=True)
class Checks(FunctionPass):  # type: ignore[misc]  # numba is untyped
    """Refuses what this file names."""

    _name = "ringtape_checks"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        """Look at every comparison, at every call, and at every attribute that is set."""
        for block in state.func_ir.blocks.values():
            raises = isinstance(block.terminator, ir.Raise | ir.StaticRaise | ir.DynamicRaise)
            for step in block.body:
                if isinstance(step, ir.SetAttr):
                    _check_set(state, step)
                elif isinstance(step, ir.Assign) and getattr(step.value, "op", "") == "binop":
                    _check_compared(state, step.value)
                elif isinstance(step, ir.Assign) and getattr(step.value, "op", "") == "call":
                    _check_called(state, step.value, raises)
        return False


def _check_set(state: Any, step: Any) -> None:
    """Refuse one of a tuple, and of a type that names in ``settable`` those that may be set."""
    kind = state.typemap[step.target.name]
    settable = () if isinstance(kind, types.BaseTuple) else getattr(kind, "settable", (step.attr,))
    if step.attr not in settable:
        raise TypingError(f"Cannot set attribute '{step.attr}' of type {kind}", loc=step.loc)
    # Numba would cut the float.
    whole = isinstance(kind, types.Record) and isinstance(kind.typeof(step.attr), types.Integer)
    if whole and isinstance(_kind(state, step.value), types.Float):
        raise TypingError(f"float given to self.{step.attr}", loc=step.loc)


def _check_called(state: Any, call: Any, raises: bool) -> None:
    """Refuse a text of a float, and the call of another function that is being compiled.

    ``raises``: whether the call leads to an exception, whose text is made of the numbers later.
    """
    kind = state.typemap[call.func.name]
    if isinstance(kind, types.BoundFunction) and call.args:
        key = kind.template.key
        if (key[-1] if isinstance(key, tuple) else key.rpartition(".")[2]) in _LOOKING:
            made = guard(get_definition, state.func_ir, call.func)
            _check_pairs(state, kind.this, call.args[0], getattr(made, "value", None), call.loc)
    makes_text = isinstance(kind, types.Function) and kind.typing_key is str and not raises
    if makes_text:
        _check_text(_kind(state, call.args[0]), call.loc)
        if _is_of_two_kinds(state, call.args[0]):
            raise TypingError("text of a bool or a number", loc=call.loc)
    if isinstance(kind, types.RecursiveCall):
        called = kind.dispatcher_type.dispatcher.py_func
        if called is not state.func_id.func:
            raise TypingError(f"circle of calls through '{called.__name__}'", loc=call.loc)


def _check_text(kind: Any, loc: Any) -> None:
    """Refuse a text of what Numba writes as `<object type:float64>`."""
    if isinstance(kind, types.Float):
        raise TypingError("text of a float", loc=loc)
    if isinstance(kind, types.BaseTuple | types.List | types.Set | types.DictType | types.Array):
        raise TypingError(f"text of a value of type {kind}", loc=loc)


def _is_of_two_kinds(state: Any, variable: Any) -> bool:
    """Whether a variable is a number that has been a bool before a branch or in one."""
    asked, todo = set(), [variable.name]
    while todo:
        name = todo.pop()
        if name not in asked and isinstance(state.typemap[name], types.Boolean):
            return name != variable.name
        if name not in asked:
            asked.add(name)
            todo += [one.name for made in state.func_ir._definitions[name] for one in _same(made)]
    return False


def _same(made: Any) -> list[Any]:
    """Return the variables whose value is handed on by what a variable is assigned."""
    if isinstance(made, ir.Var):
        return [made]
    if isinstance(made, ir.Expr) and made.op in ("phi", "cast"):
        return [one for one in made.list_vars() if one is not ir.UNDEFINED]
    return []


def _check_compared(state: Any, compared: Any) -> None:
    """Refuse ``==``, ``!=`` and ``in`` between a number and a text, and ``is`` of values."""
    left, right = compared.lhs, compared.rhs
    if compared.fn in _SAME:
        _check_same(_kind(state, left), _kind(state, right), compared.loc)
    elif compared.fn is operator.contains:
        _check_pairs(state, _kind(state, left), right, left, compared.loc)
    elif compared.fn in _EQUAL:
        found = _number_and_text(_kind(state, left), _kind(state, right))
        if found:
            _refuse(state, *found, (left, right), compared.loc)
        for one, other in ((left, right), (right, left)):
            _check_spelled(state, one, other, compared.loc)


def _check_same(one: Any, other: Any, loc: Any) -> None:
    """Refuse ``is`` of what is a value here. There are one True, one False and one None."""
    kinds = one, other
    if all(isinstance(kind, types.Boolean) for kind in kinds):
        return
    if any(isinstance(kind, types.NoneType) for kind in kinds):
        return
    for kind in kinds:
        what = next((word for known, word in _COMPARED_BY_VALUE if isinstance(kind, known)), "")
        if what:
            raise TypingError(f"{what} compared by `is`", loc=loc)


def _check_pairs(state: Any, held: Any, one: Any, container: Any, loc: Any) -> None:
    """Refuse to look for a number among texts.

    ``held``: the type of the container. ``one``, ``container``: the variables.
    """
    for kind in (held, *_items(held)):
        found = _number_and_text(_kind(state, one), kind)
        if found:
            _refuse(state, *found, (one,) if container is None else (container, one), loc)
    if container is not None:
        _check_spelled(state, one, container, loc)


def _check_spelled(state: Any, one: Any, other: Any, loc: Any) -> None:
    """Refuse to compare the text of a whole number with texts that are no numbers."""
    made = guard(get_definition, state.func_ir, one)
    if not isinstance(made, ir.Expr) or made.op != "call" or len(made.args) != 1:
        return
    kind = state.typemap[made.func.name]
    is_text_of = isinstance(kind, types.Function) and kind.typing_key is str
    if not is_text_of or not isinstance(_kind(state, made.args[0]), types.Integer):
        return
    texts = _texts_in(state.func_ir, other)
    if texts and not any(text.isdecimal() for text in texts):
        raise TypingError(f"spelled number compared with text {texts[0]!r}", loc=loc)


def _refuse(state: Any, kind: Any, text: str, variables: tuple[Any, ...], loc: Any) -> None:
    """Raise the error about a number of a type that is compared with a text."""
    what = "integer" if isinstance(kind, types.Integer) else "number"
    if any(_is_symbol(state.func_ir, variable) for variable in variables):
        what = "symbol"
    text = text or next(iter(_texts_in(state.func_ir, variables[0])), "")
    raise TypingError(f"{what} compared with text {text!r}", loc=loc)


def _number_and_text(one: Any, other: Any) -> tuple[Any, str] | None:
    """Return the type of a number and the text that it is compared with, if two types have them.

    Tuples and lists are compared item by item. The text is empty if it is known only at run time.
    """
    for number, texts in ((one, _texts(other)), (other, _texts(one))):
        if texts and isinstance(number, types.Number | types.Boolean):
            return number, texts[0]
    if isinstance(one, _SEQUENCES) and isinstance(other, _SEQUENCES):
        for pair in zip(_items(one), _items(other), strict=False):
            found = _number_and_text(*pair)
            if found:
                return found
    return None


def _kind(state: Any, variable: Any) -> Any:
    kind = state.typemap[variable.name]
    if isinstance(kind, types.Optional):
        kind = kind.type
    return kind if isinstance(kind, types.StringLiteral) else types.unliteral(kind)


def _texts(kind: Any) -> list[str]:
    """Return the text of a type of texts, empty if it is known only when code runs; else none."""
    if isinstance(kind, types.StringLiteral):
        return [kind.literal_value]
    return [""] if isinstance(kind, _TEXTS) else []


def _items(kind: Any) -> tuple[Any, ...]:
    """Return the types of what a container holds."""
    if isinstance(kind, types.BaseTuple):
        return tuple(kind.types)
    if isinstance(kind, types.DictType):
        return (kind.key_type,)
    many = types.List | types.ListType | types.Set | types.Array
    return (kind.dtype,) if isinstance(kind, many) else ()


def _texts_in(func_ir: Any, variable: Any) -> list[str]:
    """Return the texts in what a variable was assigned, as far as they are in the code."""
    found = guard(find_const, func_ir, variable)
    if found is None:
        made = guard(get_definition, func_ir, variable)
        items = getattr(made, "items", ()) if isinstance(made, ir.Expr) else ()
        found = [guard(find_const, func_ir, item) for item in items]
    texts = found if isinstance(found, tuple | list) else [found]
    return [text for text in texts if isinstance(text, str)]


def _is_symbol(func_ir: Any, variable: Any) -> bool:
    """Whether a variable is an attribute of the name ``symbol``, or was assigned one."""
    found = guard(get_definition, func_ir, variable)
    if isinstance(found, ir.Expr) and found.op == "cast":
        return _is_symbol(func_ir, found.value)
    return isinstance(found, ir.Expr) and found.op == "getattr" and found.attr == "symbol"
