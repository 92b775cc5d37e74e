from collections.abc import Iterator

import pytest

from tests.fetch.service import Service, serving


@pytest.fixture(scope="module")
def running() -> Iterator[Service]:
    with serving() as service:
        yield service


@pytest.fixture
def service(running: Service) -> Service:
    """The service of a module, which knows nothing yet."""
    running.answer = lambda asked: None
    running.first.clear()
    running.asked.clear()
    return running
