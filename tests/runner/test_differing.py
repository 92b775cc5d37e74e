"""In which settings configurations differ."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.runner.differing import ABSENT, differing, with_defaults

VALUES = st.one_of(st.integers(0, 3), st.sampled_from(["a", "b"]), st.none())
CONFIGS = st.dictionaries(
    st.sampled_from("xyz"),
    st.one_of(VALUES, st.dictionaries(st.sampled_from("uvw"), VALUES, min_size=1)),
    max_size=3,
)


def at(config: Any, path: str) -> Any:
    for name in path.split("."):
        if not isinstance(config, dict) or name not in config:
            return ABSENT
        config = config[name]
    return config


@given(st.lists(CONFIGS, min_size=1, max_size=5))
def test_each_path_leads_to_the_values_and_equal_configurations_have_none(
    configs: list[dict[str, Any]],
):
    found = dict(differing(configs))
    for path, values in found.items():
        assert list(values) == [at(config, path) for config in configs]
        assert any(one != values[0] for one in values)


@given(CONFIGS, CONFIGS)
def test_several_configurations_differ_where_any_two_do(one: Any, other: Any):
    assert [path for path, _ in differing([one, other, one])] == [
        path for path, _ in differing([one, other])
    ]


def test_a_list_of_one_section_is_that_section_and_others_are_numbered():
    one, same = {"s": {"a": 1}}, {"s": [{"a": 1}]}
    assert list(differing([one, same])) == []
    both = {"s": [{"a": 1}, {"a": 2}]}
    assert list(differing([one, same, both])) == [("s.1.a", [ABSENT, ABSENT, 2])]


def test_defaults_are_those_of_summaries_if_all_have_them():
    configs = [{"strategy": {"name": "m:A", "parameters": {"x": 1}}}] * 2
    full = {"lanes": [{"parameters": {"x": 1, "y": 2}}]}
    first = with_defaults(configs, [full, full])[0]
    assert first["strategy"][0]["parameters"] == {"x": 1, "y": 2}
    assert with_defaults(configs, [full, {"lanes": [{}]}]) == configs
