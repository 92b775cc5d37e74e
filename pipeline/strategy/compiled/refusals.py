"""What a strategy's hook may not do when it is compiled, in one line that says what to write.

The rows here are about what a hook is given; those of `native.refusal_rows` are about Python.
"""

import ast
from collections.abc import Collection
from functools import partial
from types import FunctionType

from pipeline.errors import NO_DEBUGGER
from pipeline.market.indicators import DECLARED
from pipeline.native.refusal_rows import DEBUGGER, OF_TIMES, PAIRS, Row
from pipeline.native.refusals import why_not_compiled as why_function_not_compiled
from pipeline.native.samples import module_has
from pipeline.native.type_words import arguments_in, kind_in_words
from pipeline.native.users import NOTHING
from pipeline.strategy.attribute_error import (
    OF_INDICATOR,
    meant_by_name,
    no_attribute_of_number,
    no_such_indicator,
)
from pipeline.strategy.bar import BAR_FIELDS
from pipeline.strategy.compiled.own import member_of
from pipeline.strategy.context import Context
from pipeline.strategy.local_time import OF_TIME
from pipeline.strategy.names import NAMES
from pipeline.strategy.strategy import Strategy, names_of, parameters_of
from pipeline.strategy.symbol import compared_with_text, until_hint
from pipeline.strategy.undeclared import (
    Many,
    declaration,
    no_such_attribute,
    set_parameter,
    set_to_float,
)
from pipeline.strategy.wrong_call import arguments_of, written
from pipeline.strategy.wrong_name import meant_by, no_such_name, not_set

#: What runs what is not compiled: in a call of `run` and on the command line.
_INTERPRETED = 'mode="interpreted" (--set strategy.mode=interpreted)'


def why_not_compiled(
    cls: type[Strategy], body: FunctionType, error: Exception, indicators: Collection[str]
) -> str:
    """Return one line about a hook that cannot be compiled.

    ``body``: the hook. ``indicators``: the names under which bars show the strategy's.
    """
    name = f"{cls.__name__}.{body.__name__}"
    return why_function_not_compiled(
        name, body, error, _rows(cls, body.__name__, indicators), _INTERPRETED
    )


#: Dates and frames of libraries, with what hooks have in their place.
_OF_LIBRARIES = (
    Row(
        OF_TIMES,
        "it uses {1}.{0}",
        "ctx.time has the hour, the weekday and more on the exchange's clock",
        module_has,
    ),
    Row(
        r"Unknown attribute '(\w+)' of type Module\(<module '(pandas)'",
        "it uses {1}.{0}",
        "ctx.window gives NumPy arrays, and ctx.mean, ctx.std and the like a number of each",
        module_has,
    ),
)


#: Numbers, times and indicators that are taken for something else.
_OF_TIMES = (
    Row(
        r"Unknown attribute '(\w+)' of type (Literal\[int\]\(\d+\)|u?int\d+|float\d+)",
        lambda name, kind: no_attribute_of_number(kind_in_words(kind), name),
        python=False,
    ),
    Row(
        r"No implementation of function Function\(<built-in function (\w+)>\).*?"
        r">>> \w+\(([^\n]*LocalTime[^\n]*)\)\n",
        "it has the operation {0} of {1:kinds}",
        OF_TIME,
        python=False,
    ),
    Row(
        r"(?:Unknown attribute|module)[^\n]*? '(?:pipeline\.market\.indicators' has no attribute '"
        r"(\w+)|(\w+)' of type Module\(<module 'pipeline\.market\.indicators)'",
        lambda *names: _of_indicator(next(filter(None, names))),
        python=False,
    ),
)


def _of_indicator(name: str) -> str:
    """Say what is wrong with a name of the module of indicators in a hook."""
    if name in DECLARED:
        return f"it asks for ind.{name} in a hook; {OF_INDICATOR}"
    return no_such_indicator(name)


def _rows(cls: type[Strategy], hook: str, indicators: Collection[str]) -> tuple[Row, ...]:
    shown = NAMES | {"bar": (*NAMES["bar"], *indicators), "bars": (*NAMES["bars"], *indicators)}

    def lacks(kind: str, name: str) -> str:
        return no_such_name(kind.lower(), name, shown[kind.lower()])

    return (
        Row(
            r"(symbol|integer|number|spelled number) compared with text '(.*?)'",
            _compared,
            python=False,
        ),
        Row(DEBUGGER, "it calls {0}()", NO_DEBUGGER, python=False),
        Row(
            r"Unknown attribute 'data' of type ringtape\.Context",
            "ctx.data is for interpreted strategies",
            "ctx.window and ctx.count show the past in both",
        ),
        Row(
            r"Unknown attribute '(\w+)' of type ringtape\.Context",
            lambda name: lacks("ctx", name),
            python=False,
        ),
        Row(
            r"Unknown attribute '(\w+)' of type LocalTime",
            lambda name: lacks("ctx.time", name),
            python=False,
        ),
        Row(
            r"Cannot set attribute '(\w+)' of type LocalTime",
            lambda name: not_set("ctx.time", name),
            python=False,
        ),
        Row(
            r"NameError: name '(\w+)' is not defined",
            lambda name: (
                f"name '{name}' is not defined{meant_by_name(cls, hook, name, indicators)}"
            ),
            python=False,
            node=ast.Name,
        ),
        *_OF_TIMES,
        *_OF_LIBRARIES,
        Row(
            r"Unknown attribute '(\w+)' of type ringtape\.Bar\b",
            lambda name: lacks("bar", name),
            python=False,
        ),
        Row(
            r"Unknown attribute '(\w+)' of type ringtape\.Shown\((\w+)",
            lambda name, kind: lacks(kind, name),
            python=False,
        ),
        *_rows_of_self(cls, (*BAR_FIELDS, *indicators)),
        Row(
            r"Cannot set attribute '(\w+)' of type ringtape\.(?:(?=Bar)|Shown\()(\w+)",
            lambda name, kind: not_set(kind.lower(), name),
            python=False,
        ),
        Row(
            r"Cannot resolve setattr: \(ringtape\.Context\)\.(\w+) =",
            lambda name: not_set("ctx", name),
            python=False,
        ),
        Row(
            r">>> \w+\(ringtape\.Context(?:, )?([^\n]*)\)\n.*?ContextType'>, '(\w+)'\)",
            _wrong_call,
            python=False,
        ),
    )


def _rows_of_self(cls: type[Strategy], of_bars: Collection[str]) -> tuple[Row, ...]:
    return (
        Row(
            r"Unknown attribute '(\w+)' of type ringtape\.Self",
            partial(_not_read, cls, of_bars),
            python=False,
        ),
        Row(
            r"float given to self\.(\w+)",
            lambda name: f"self.{name} {set_to_float(name)}",
            python=False,
        ),
        Row(
            r"(?:Cannot set attribute '(\w+)' of type |Cannot resolve setattr: \()ringtape\.Self"
            r"(?:.*?\)\.(\w+) = )?",
            partial(_not_set, cls),
            python=False,
        ),
    )


def _compared(what: str, text: str) -> str:
    """Say that a number is compared with a text; an integer may be a symbol's index."""
    if what == "spelled number":
        return compared_with_text(str(text), spelled=True)
    if what == "number":
        return f"a number never equals {repr(str(text)) if text else 'a text'}"
    return compared_with_text(str(text) or None, symbol=what == "symbol")


def _not_read(cls: type[Strategy], of_bars: Collection[str], name: str) -> str:
    """Say why an attribute of ``self`` cannot be read."""
    member = member_of(cls, name)
    if member is NOTHING:
        return no_such_attribute(cls, name, names_of(cls), of_bars)
    if isinstance(member, classmethod):
        found = "a class method; make it a method or a static method"
    else:
        kind = type(member).__name__
        way = "make it a tuple or a NumPy array; what changes is a state"
        found = f"a {kind}, which may change; {PAIRS if isinstance(member, dict) else way}"
    return f"self.{name} is {found}; {_INTERPRETED} runs it"


def _not_set(cls: type[Strategy], *names: str) -> str:
    """Say why an attribute of ``self`` cannot be set."""
    name = next(filter(None, names))
    member = member_of(cls, name)
    for one in parameters_of(cls):
        if one.name == name:
            return f"self.{name} {set_parameter(name, one.default)}"
    if member is NOTHING:
        return f"it sets self.{name}, which is not declared; {declaration(name)}"
    if callable(member) or isinstance(member, property | staticmethod | classmethod):
        return f"it sets self.{name}, which is code of the class"
    held = Many(repr(member)) if isinstance(member, tuple | list | dict | set) else member
    return f"it sets self.{name}, a constant of the class; {declaration(name, held)}"


def _wrong_call(given: str, method: str) -> str:
    """Say how a method of ``ctx`` is called."""
    arguments = arguments_in(given)
    parameters = arguments_of(getattr(Context, method))
    call = written(f"ctx.{method}", getattr(Context, method))
    words = ", ".join(name + kind_in_words(kind) for name, kind in map(_named, arguments))
    found = f"it calls ctx.{method} with {words or 'nothing'}, expected {call}"
    hint = ""
    names = [parameter.name for parameter in parameters]
    for name, _ in map(_named, arguments):
        if name and name[:-1] not in names and (meant := meant_by(name[:-1], names)):
            hint = f"; did you mean {meant}= in place of {name}?"
    by_name = {f"{parameter.name}=": parameter for parameter in parameters}
    for place, (name, kind) in zip(parameters, map(_named, arguments), strict=False):
        parameter = by_name.get(name, place)
        word = kind_in_words(kind)
        if parameter.name == "symbol" and word.startswith(("the text", "a text")):
            text = _text_in(word) or "NAME"
            hint = (
                f'; a symbol is a number here: ctx.symbol("{text}"), or a parameter, '
                f'leader: Symbol = "{text}"'
            )
        elif parameter.name in ("column", "name") and word == "a text":
            hint = f"; the {parameter.name} is written as a text in the call, or is a constant"
        elif parameter.name == "until" and word != "an integer":
            hint = f"; {until_hint(_text_in(word))}"
        elif parameter.annotation is int and word == "a number":
            hint = f"; {parameter.name} must be a whole number"
        elif parameter.annotation is float and word.startswith(("the text", "a text", "a bool")):
            hint = f"; {parameter.name} must be a number"
        elif word.startswith("a member of "):
            hint = "; write .value behind it"
        elif "None" in word:
            hint = "; give it a number, nan where there is none"
    return found + hint


def _text_in(word: str) -> str:
    """Return the text that a type in words names, empty if it names none."""
    return word[10:-1] if word.startswith("the text") else ""


def _named(argument: str) -> tuple[str, str]:
    """Split ``name=kind`` of an argument; the name is empty if it is given by its place."""
    name, given, kind = argument.partition("=")
    return (f"{name}=", kind) if given and name.isidentifier() else ("", argument)
