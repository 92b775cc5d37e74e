import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shm.layout import ALIGNMENT, Field, Layout, record_batch

fields = st.lists(
    st.builds(
        Field,
        name=st.text("abc_", min_size=1, max_size=4),
        dtype=st.sampled_from(["i8", "f8", "u1", "i4", "f4", "?"]),
        shape=st.lists(st.integers(0, 9), max_size=3).map(tuple),
    ),
    unique_by=lambda field: field.name,
    max_size=8,
)


@given(fields)
def test_fields_are_aligned_in_order_and_never_overlap(fields: list[Field]) -> None:
    layout = Layout(fields)
    views = layout.views(bytearray(layout.size))
    end = 0
    for field in fields:
        offset = layout.offsets[field.name]
        assert offset % ALIGNMENT == 0
        assert offset >= end
        assert views[field.name].shape == field.shape
        assert views[field.name].dtype == np.dtype(field.dtype)
        end = offset + views[field.name].nbytes
    assert layout.size % ALIGNMENT == 0
    assert end <= layout.size


@given(fields)
def test_what_is_written_through_one_view_is_read_through_another(fields: list[Field]) -> None:
    layout = Layout(fields)
    buffer = bytearray(layout.size)
    for number, view in enumerate(layout.views(buffer).values()):
        view[...] = number % 2
    for number, view in enumerate(layout.views(memoryview(buffer)).values()):
        assert (view == number % 2).all()


@given(fields, fields)
def test_the_hash_tells_layouts_apart(first: list[Field], second: list[Field]) -> None:
    assert (Layout(first).hash == Layout(second).hash) == (first == second)


def test_a_read_only_buffer_gives_read_only_views() -> None:
    layout = Layout([Field("a", "f8", (3,))])
    view = layout.views(memoryview(bytes(layout.size)))["a"]  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1


def test_views_keep_their_buffer_exported() -> None:
    """So that memory cannot be unmapped under them."""
    layout = Layout([Field("a", "f8", (3,))])
    buffer = bytearray(layout.size)
    view = layout.views(buffer)["a"]
    with pytest.raises(BufferError):
        buffer.clear()
    assert view.sum() == 0


def test_a_buffer_that_is_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="buffer must have at least 64 bytes, had 63"):
        Layout([Field("a", "f8", (3,))]).views(bytearray(63))


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="field 'a' must be given once"):
        Layout([Field("a", "f8", (3,)), Field("a", "f8", (3,))])


def test_python_objects_are_refused() -> None:
    with pytest.raises(ValueError, match="field 'a' must not hold Python objects"):
        Layout([Field("a", "O", (3,))])


def test_a_record_batch_lies_over_the_same_memory() -> None:
    layout = Layout([Field("ts", "i8", (100,)), Field("close", "f8", (100,))])
    views = layout.views(bytearray(layout.size))
    columns = {name: view[10:50] for name, view in views.items()}
    batch = record_batch(columns)
    assert batch.num_rows == 40
    assert batch.schema.names == ["ts", "close"]
    for name, column in columns.items():
        assert batch.column(name).buffers()[1].address == column.ctypes.data
    columns["close"][3] = np.nan
    assert np.isnan(batch.column("close")[3].as_py())
    assert batch.column("close").null_count == 0


@pytest.mark.parametrize(
    "column",
    [np.zeros(8)[::2], np.zeros((2, 2)), np.zeros(2, bool), np.zeros(2, "M8[ns]")],
    ids=["strided", "two-dimensional", "bool", "datetime"],
)
def test_a_column_that_arrow_would_have_to_copy_is_refused(column: npt.NDArray[np.generic]) -> None:
    with pytest.raises(ValueError, match="column 'x' must be one contiguous row"):
        record_batch({"x": column})
