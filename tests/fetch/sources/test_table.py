"""The table of sources tells what there is, and imports nothing for it."""

import tomllib
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.fetch.sources import table
from pipeline.fetch.sources.table import SOURCES, find_source
from tests.reference import own_process


def test_a_client_that_is_not_installed_is_told_with_the_way_to_it(monkeypatch):
    def missing(name: str) -> str:
        raise table.PackageNotFoundError(name)

    monkeypatch.setattr(table, "version", missing)
    with pytest.raises(ConfigError) as caught:
        find_source("alpaca")
    assert str(caught.value) == (
        "alpaca needs the package alpaca-py: pip install 'ringtape[alpaca]'"
    )
    assert find_source("binance-archive:um") == (SOURCES["binance-archive"], "um")


def test_a_colon_where_none_belongs_is_told():
    with pytest.raises(ConfigError, match="'alpaca:x' has nothing behind a colon; write alpaca"):
        find_source("alpaca:x")


def test_each_client_has_its_extra():
    project = tomllib.loads(Path(own_process.ROOT, "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    for source in SOURCES.values():
        if source.extra:
            assert any(line.startswith(source.package) for line in extras[source.extra])


def test_a_list_of_sources_imports_no_client():
    code = (
        "import sys; from pipeline.cli import main\n"
        "try: main(['fetch', '--list'])\n"
        "except SystemExit: pass\n"
        "heavy = {'ccxt', 'yfinance', 'alpaca', 'requests', 'pandas', 'pyarrow', 'numpy'}\n"
        "sys.exit(', '.join(sorted(heavy & sys.modules.keys())) or None)"
    )
    done = own_process.python("-c", code, check=False)
    assert (done.returncode, done.stderr) == (0, "")
