import pytest

from pipeline.errors import FetchError
from pipeline.fetch.patience import ATTEMPTS, Patience, seconds_asked
from tests.fetch.service import StoppedClock

NOW = StoppedClock("2024-06-20T12:00").time


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, 0.0),
        ("", 0.0),
        ("17", 17.0),
        (" 2.5 ", 2.5),
        ("Thu, 20 Jun 2024 12:01:00 GMT", 60.0),
        ("Thu, 20 Jun 2024 11:00:00 GMT", 0.0),
        ("soon", 0.0),
        ("-5", 0.0),
    ],
)
def test_retry_after_is_a_number_or_a_time(value, seconds):
    assert seconds_asked(value, NOW) == seconds


def test_waits_double_and_end():
    clock = StoppedClock("2024-06-20")
    patience = Patience(clock, "it")
    for _ in range(ATTEMPTS - 1):
        patience.wait("is busy")
    assert clock.waits == [1.0, 2.0, 4.0, 8.0, 16.0]
    with pytest.raises(FetchError, match=r"^it is busy, in 6 attempts over 31 s; the same command"):
        patience.wait("is busy")


def test_what_is_asked_for_is_waited_unless_it_is_less_than_the_own_wait_or_too_long():
    clock = StoppedClock("2024-06-20")
    patience = Patience(clock, "it")
    patience.wait("is busy", 40.0)
    patience.wait("is busy", 0.5)
    assert clock.waits == [40.0, 2.0]
    with pytest.raises(FetchError, match="asks to wait 301 s, more than the 300 s of a fetch"):
        patience.wait("is busy", 301.0)
