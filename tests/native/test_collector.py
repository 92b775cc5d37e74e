"""The collector of garbage rests while a block or a function lasts, and only then."""

import gc

import pytest

from pipeline.native.collector import uncollected


@uncollected()
def is_on() -> bool:
    return gc.isenabled()


@uncollected()
def fail() -> None:
    raise ValueError("odd")


def test_it_rests_within_and_goes_on_after_also_after_an_error():
    assert gc.isenabled()
    assert not is_on()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="odd"):
        fail()
    assert gc.isenabled()


def test_where_it_was_off_it_stays_off():
    gc.disable()
    try:
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()
