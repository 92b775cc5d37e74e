import pytest

from pipeline.errors import ConfigError
from pipeline.fetch.courier import Answer, Courier, without_secrets
from pipeline.fetch.raw import LINES, RawFolder
from tests.fetch.service import StoppedClock


@pytest.fixture
def courier(tmp_path):
    return Courier("it", RawFolder(tmp_path / "raw"), StoppedClock("2024-06-20"))


def sends(body: bytes, status: int = 200):
    return lambda address: Answer(status, {}, body)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://x/a?b=1&crumb=s&c=2", "https://x/a?b=1&c=2"),
        ("https://x/a?apiKey=s&page_token=t", "https://x/a?page_token=t"),
        ("https://name:word@x:8/a?b=%2F", "https://x:8/a?b=%2F"),
    ],
)
def test_addresses_are_told_without_keys(address, told):
    assert without_secrets(address) == told


def test_replies_of_a_page_are_kept_when_it_is_done(courier, tmp_path):
    with courier.page("a", 0) as page:
        courier.carry("https://x/a", sends(b"1"))
        courier.carry("https://x/b", sends(b"2", 404))
        assert not (tmp_path / "raw").exists()
    assert [reply.address for reply in page.replies] == ["https://x/a"]
    assert page.time_ns == courier.clock.now()


def test_replies_of_a_page_that_fails_are_not_kept(courier, tmp_path):
    def page_that_fails() -> None:
        with courier.page("a", 0):
            courier.carry("https://x/a", sends(b"1"))
            raise ValueError("odd")

    with pytest.raises(ValueError, match="odd"):
        page_that_fails()
    assert not (tmp_path / "raw").exists()


def test_nothing_beside_a_page_is_kept_or_given_from_the_folder(courier, tmp_path):
    with courier.page("a", 0, lambda address: "bars" in address):
        courier.carry("https://x/bars", sends(b"1"))
        courier.carry("https://x/markets", sends(b"2"))
    assert len((tmp_path / "raw" / LINES).read_text().splitlines()) == 1
    assert courier.carry("https://x/bars", sends(b"3")).body == b"3"
    with courier.page("a", 0):
        assert courier.carry("https://x/bars", sends(b"3")).body == b"1"
    assert (courier.fetched, courier.reused) == (1, 1)


def test_what_came_before_the_end_of_what_was_asked_for_is_fetched_again(courier):
    now = courier.clock.now()
    with courier.page("a", 0):
        courier.carry("https://x/bars", sends(b"1"))
    with courier.page("a", now + 10**9):
        assert courier.carry("https://x/bars", sends(b"2")).body == b"2"


def test_another_address_takes_the_place_of_scheme_and_host(tmp_path):
    raw, clock = RawFolder(tmp_path), StoppedClock("2024-06-20")
    courier = Courier("it", raw, clock, "http://mirror:81/deep/")
    assert courier.redirected("https://x/a/b?c=1") == "http://mirror:81/deep/a/b?c=1"
    with pytest.raises(ConfigError, match="must begin with http:// or https://, was 'ftp://mirror"):
        Courier("it", raw, clock, "ftp://name:word@mirror/")
