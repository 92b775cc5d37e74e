"""Servers run once per module; each test has an address and a cache of its own."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.market.catalog.remote import mirror
from pipeline.native.address import Address
from tests.market.catalog.remote.servers import Server, gs_server, s3_server

_numbers = itertools.count()


@pytest.fixture(scope="module")
def s3_running() -> Iterator[Server]:
    with s3_server() as found:
        yield found


@pytest.fixture(scope="module")
def gs_running() -> Iterator[Address]:
    with gs_server() as found:
        yield found


@pytest.fixture
def another_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Path]:
    """Let mirrors be in another folder, as on another machine; return it."""

    def begin() -> Path:
        home = tmp_path / f"cache{next(_numbers)}"

        def folder(*below: str) -> Path:
            found = home.joinpath(*below)
            found.mkdir(parents=True, exist_ok=True)
            return found

        monkeypatch.setattr(mirror, "cache_folder", folder)
        return home

    return begin


@pytest.fixture
def cache(another_cache: Callable[[], Path]) -> Path:
    return another_cache()


@pytest.fixture
def s3(s3_running: Server, cache: Path) -> Server:
    s3_running.address = Address("s3", s3_running.address.bucket, f"some/where{next(_numbers)}")
    s3_running.asked.clear()
    return s3_running


@pytest.fixture
def gs(gs_running: Address, cache: Path) -> str:
    return f"gs://{gs_running.bucket}/some/where{next(_numbers)}"
