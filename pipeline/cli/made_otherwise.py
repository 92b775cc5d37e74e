"""In which code, data and version of Ringtape two runs differ, by their entries "made_from"."""

from collections.abc import Mapping
from typing import Any

from pipeline.results.report.figures import first_of

#: Versions that the hashes of code depend on, and what they are of.
_VERSIONS = {"ringtape": "Ringtape", "python": "Python"}
#: Two values of the same, those of A and of B.
_Pair = list[Any]


def made_otherwise(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return what differs between the entries of two runs, with both values.

    Strategies are compared in their order, also where they have other names. A symbol that only one
    of the runs has is a difference of settings, and not of data. The hash of a code depends on the
    versions of Ringtape and of Python, so it is left out where these differ.
    """
    # Another version of Ringtape may have kept something else.
    plain = {name: [one.get(name), other.get(name)] for name in (*_VERSIONS, "sources")}
    comparable = not any(_unequal({name: plain[name] for name in _VERSIONS}))
    nested = {
        "code": _codes(one.get("code", {}), other.get("code", {})) if comparable else {},
        **{kind: _shared(one.get(kind, {}), other.get(kind, {})) for kind in ("bars", "actions")},
    }
    sections = {kind: _unequal(pairs) for kind, pairs in nested.items()}
    return _unequal(plain) | {kind: pairs for kind, pairs in sections.items() if pairs}


def _unequal(pairs: Mapping[str, _Pair]) -> dict[str, _Pair]:
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _shared(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, _Pair]:
    return {name: [one[name], other[name]] for name in one if name in other}


def _codes(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, _Pair]:
    if len(one) != len(other):
        return _shared(one, other)
    return {
        name if name == its else f"{name} and {its}": [one[name], other[its]]
        for name, its in zip(one, other, strict=True)
    }


def made_lines(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> list[str]:
    """Say what differs between the entries of two runs, A and B; None stands for no entry."""
    if one is None or other is None:
        which = " and ".join(side for side, made in (("A", one), ("B", other)) if made is None)
        why = f"the summary of {which} does not say what it was made from"
        return [f"whether code, data and Ringtape differ is not known: {why}"]
    found = made_otherwise(one, other)
    lines = [f"the code of {name} differs" for name in found.get("code", ())]
    for kind, word in (("bars", "bars"), ("actions", "corporate actions")):
        if kind in found:
            some = first_of(list(found[kind]))
            lines.append(
                f"the {word} of {some} in the catalog differ, in the run's dates or outside of them"
            )
    versions = [
        f"{_VERSIONS[name]} is {found[name][0]} in A and {found[name][1]} in B"
        for name in _VERSIONS
        if name in found
    ]
    if versions:
        lines.append(f"{', '.join(versions)}; whether code differs is not known across versions")
    elif "sources" in found:
        lines.append(f"the sources of Ringtape {one['ringtape']} differ")
    return lines or ["code, data and Ringtape are equal"]
