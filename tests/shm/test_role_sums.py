from hypothesis import given
from hypothesis import strategies as st

from shm.role_sums import added, by_role

counters = st.dictionaries(
    st.sampled_from(["coordinator", "engine"]),
    st.dictionaries(st.sampled_from(["bars", "slots"]), st.integers(0, 10**9)),
)


def test_rows_of_a_role_are_one():
    rows = {
        "coordinator": {"bars": 1},
        "engine 0": {"bars": 2},
        "engine 1": {"bars": 3, "fills": 4},
    }
    assert by_role(rows) == {"coordinator": {"bars": 1}, "engine": {"bars": 5, "fills": 4}}


@given(counters, counters)
def test_no_sum_depends_on_the_order(
    one: dict[str, dict[str, int]], other: dict[str, dict[str, int]]
):
    assert added(one, other) == added(other, one)
    assert added(one, {}) == one
