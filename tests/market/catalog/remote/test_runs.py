"""Runs from catalogs on object stores: the result of a local one, from what they need alone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline import Result, run
from pipeline.errors import ConfigError, DataError
from pipeline.market.catalog.catalog import Catalog
from tests.market.catalog.remote.servers import Server

DAYS = "2024-10-22", "2024-10-24"


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory, sample: Path) -> Catalog:
    """A few sessions of the sample market."""
    whole, part = Catalog(sample), Catalog(tmp_path_factory.mktemp("local"))
    for symbol in ("ALFA", "BRVO", "CHRL", "DLTA"):
        part.write(symbol, "1m", whole.load(symbol, "1m").slice(0, 2_400), "sample")
    return part


def copied(local: Catalog, place: str) -> str:
    there = Catalog(place)
    for entry in local.entries():
        there.write(entry.symbol, "1m", local.load(entry.symbol, "1m"), "sample")
    return place


def result_of(place: str, out: Path, **changes: Any) -> Result:
    settings = {
        "session_name": "test",
        "backtest_config": {"start_date": DAYS[0], "end_date": DAYS[1]},
        "session_data_config": {"symbols": ["ALFA", "BRVO"], "streams": ["1m"]},
        "strategy": {"name": "pipeline.strategy.examples:SmaCross", "mode": "interpreted"},
        "benchmark": "CHRL",
        "catalog": place,
        **changes,
    }
    return run(settings, out=out, inline=True)


@pytest.fixture(scope="module")
def digest(local: Catalog, tmp_path_factory: pytest.TempPathFactory) -> str:
    return result_of(str(local.path), tmp_path_factory.mktemp("runs")).digest


def test_a_run_reads_what_it_names_once_and_keeps_the_address(
    s3: Server, local: Catalog, digest: str, tmp_path: Path, another_cache: Callable[[], Path]
):
    place = copied(local, str(s3.address))
    another_cache()
    s3.read()
    first = result_of(place, tmp_path)
    assert first.digest == digest
    assert [name.partition(".")[0] for name in s3.read()] == ["1m/ALFA", "1m/BRVO", "1m/CHRL"]
    assert json.loads((first.run_dir / "config.json").read_text())["catalog"] == place

    second = result_of(place, tmp_path)
    assert second.digest == digest
    assert second.summary["made_from"] == first.summary["made_from"]
    assert [method for method, _ in s3.asked] == ["HEAD"]  # for the tag of the manifest


def test_a_catalog_on_google_gives_the_same_result(
    gs: str, local: Catalog, digest: str, tmp_path: Path, another_cache: Callable[[], Path]
):
    copied(local, gs)
    another_cache()
    assert result_of(gs, tmp_path).digest == digest


def test_an_address_of_a_folder_is_that_folder(local: Catalog, digest: str, tmp_path: Path):
    assert result_of(f"file://{local.path}", tmp_path).digest == digest


def test_an_address_is_data_of_a_run(s3: Server, local: Catalog, tmp_path: Path):
    place = copied(local, str(s3.address))
    options = {"strategy": "pipeline.strategy.examples:SmaCross", "inline": True, "out": tmp_path}
    here, there = run(data=local.path, **options), run(data=place, **options)
    assert there.digest == here.digest
    assert json.loads((there.run_dir / "config.json").read_text())["catalog"] == place


def test_processes_of_a_run_read_the_mirror(
    s3: Server, local: Catalog, digest: str, tmp_path: Path
):
    place = copied(local, str(s3.address))
    settings = json.loads((result_of(place, tmp_path).run_dir / "config.json").read_text())
    assert run(settings, out=tmp_path).digest == digest


def test_a_symbol_that_is_not_there_is_told_with_the_address(
    s3: Server, local: Catalog, tmp_path: Path
):
    place = copied(local, str(s3.address))
    symbols = {"symbols": ["ALFE"], "streams": ["1m"]}
    with pytest.raises(DataError, match=f"ALFE is not in {place} at 1m; did you mean ALFA"):
        result_of(place, tmp_path, session_data_config=symbols)


def test_another_scheme_is_refused_before_anything_is_asked(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"expected a folder, s3://.*http:// is none"):
        result_of("http://somewhere/bars", tmp_path)
