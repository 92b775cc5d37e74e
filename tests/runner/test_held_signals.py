"""Signals come after a block that makes something, and none is lost."""

import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.runner.held_signals import signals_held


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, _raise)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def _raise(number: int, _: Any) -> None:
    raise KeyboardInterrupt(number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_comes_when_the_block_has_ended(number: int):
    made = []

    def make() -> None:
        with signals_held():
            signal.raise_signal(number)
            made.append("and noted")

    with pytest.raises(KeyboardInterrupt, match=str(int(number))):
        make()
    assert made == ["and noted"]
    assert signal.getsignal(number) is _raise


def test_an_error_of_the_block_is_kept():
    with pytest.raises(ZeroDivisionError), signals_held():
        raise ZeroDivisionError


def test_other_threads_make_things_as_ever():
    made = []

    def make() -> None:
        with signals_held():
            made.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    assert made == [_raise]
