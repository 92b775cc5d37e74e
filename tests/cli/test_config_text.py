import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cli.config_text import with_entries

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=4), one, max_size=3),
    max_leaves=8,
)
documents = st.dictionaries(st.text(max_size=4) | st.just("pipeline"), values, max_size=5)


sections = st.dictionaries(st.text(max_size=4), values, max_size=3)
entries = st.dictionaries(st.sampled_from(["engines", "slots"]), st.integers(), min_size=1)


@given(documents, sections, entries, st.sampled_from([None, 0, 1, 4]), st.booleans())
def test_entries_of_json_are_new_and_all_others_stay(
    document: dict[str, Any],
    section: dict[str, Any],
    new: dict[str, int],
    indent: int | None,
    ascii_only: bool,
):
    if "pipeline" in document:
        document["pipeline"] = section
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    found = json.loads(with_entries(text, False, "pipeline", new))
    expected = {**document, "pipeline": {**document.get("pipeline", {}), **new}}
    assert found == expected
    assert list(found) == list(expected)


def test_the_text_of_json_around_is_as_it_was():
    text = '{\n   "symbols": ["A", "B"], "pipeline":{"engines" : 1},\n\t"é": [1,\n2]}\n'
    assert with_entries(text, False, "pipeline", {"engines": 2}) == text.replace(
        '{"engines" : 1}', '{\n    "engines": 2\n  }'
    )
    added = '{"a": [1, 2],\n  "b": {\n    "c": 3\n  }\n}\n'
    assert with_entries('{"a": [1, 2]\n}\n', False, "b", {"c": 3}) == added


TOML = """# of mine
name = "mine"

[pipeline]  # the processes
# engines = 4
slots = 4 # usual
start_method = "spawn"

[sweep]
engines = 9
"""


def test_entries_of_toml_are_replaced_or_added_and_its_comments_stay():
    found = with_entries(TOML, True, "pipeline", {"engines": 2, "slots": 8})
    expected = TOML.replace("# the processes\n", "# the processes\nengines = 2\n")
    assert found == expected.replace("slots = 4 # usual", "slots = 8  # usual")
    assert with_entries(found, True, "pipeline", {"engines": 2, "slots": 8}) == found
    assert (
        with_entries("a = 1\n", True, "pipeline", {"slots": 8})
        == "a = 1\n\n[pipeline]\nslots = 8\n"
    )


@pytest.mark.parametrize("text", ["pipeline = {slots = 4}\n", "pipeline.slots = 4\n"])
def test_a_section_of_toml_in_another_form_is_refused(text: str):
    with pytest.raises(ValueError, match="pipeline"):
        with_entries(text, True, "pipeline", {"slots": 8})


@pytest.mark.parametrize("text", ["", "[]", "{", '"a"'])
def test_what_is_no_object_is_refused(text: str):
    with pytest.raises((ValueError, AttributeError)):
        with_entries(text, False, "a", {"b": 1})
