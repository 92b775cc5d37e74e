"""Bad input gets one clear line and a non-zero exit, and changes nothing on disk."""

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest

from pipeline import run
from pipeline.cli import main
from pipeline.errors import ConfigError, DataError, StrategyError
from pipeline.market.catalog.sample import FIRST_DATE, LAST_DATE, SYMBOLS
from tests.reference.processes import settings_of
from tests.reference.traders import Crosser


@pytest.fixture
def config(sample: Path) -> dict[str, Any]:
    return settings_of("US_EQUITY", FIRST_DATE, LAST_DATE, SYMBOLS, ["1m", "5m"], sample)


def changed(config: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    section, _, name = path.rpartition(".")
    copied = json.loads(json.dumps(config))
    (copied[section] if section else copied)[name] = value
    return copied


@pytest.mark.parametrize(
    ("path", "value", "kind", "parts"),
    [
        ("catalog", "nowhere", DataError, ["nowhere", "ringtape import"]),
        ("session_data_config.symbols", ["ALFA", "ALFB"], DataError, ["ALFB", "ALFA"]),
        ("session_data_config.streams", ["2m"], DataError, ["2m", "1m"]),
        ("session_data_config.streams", ["1m", "90s"], ConfigError, ["90s", "1m"]),
        ("backtest_config.start_date", "2024-02-30", ConfigError, ["start_date", "2024-02-30"]),
        ("backtest_config.start_date", "2024-12-04", ConfigError, ["end_date", "2024-12-03"]),
        ("backtest_config.end_date", "2024-10-21", ConfigError, ["end_date"]),
        ("exchange_group", "US_EQUTY", ConfigError, ["US_EQUTY", "US_EQUITY"]),
        ("pipelin", {}, ConfigError, ["pipelin", "pipeline"]),
        ("mode", "live", ConfigError, ["live", "backtest"]),
        ("benchmark", "ALFB", DataError, ["benchmark", "ALFB", "ALFA"]),
        ("benchmark", " ALFA", ConfigError, ["benchmark", "symbol"]),
        ("strategy", {"name": "nowhere:Cls"}, StrategyError, ["nowhere"]),
        (
            "strategy",
            {"name": "tests.reference.traders:Croser"},
            StrategyError,
            ["Croser", "Crosser"],
        ),
        (
            "strategy",
            {"name": "tests.reference.traders:Crosser", "parameters": {"fas": 1}},
            StrategyError,
            ["fas", "fast"],
        ),
        (
            "strategy",
            {"name": "tests.reference.traders:Crosser", "parameters": {"fast": 0}},
            DataError,
            ["sma", "period", "0"],
        ),
        (
            "strategy",
            {"name": "tests.reference.traders:Crosser", "parameters": {"minutes": 15}},
            DataError,
            ["15m", "5m"],
        ),
    ],
)
def test_bad_input_gets_one_clear_line_and_changes_nothing(
    config, tmp_path: Path, path: str, value: Any, kind: type[Exception], parts: list[str], capsys
):
    config["strategy"] = {"name": "tests.reference.traders:Crosser"}
    settings = changed(config, path, value)
    with pytest.raises(kind) as caught:
        run(settings, out=tmp_path / "runs")
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message
    (tmp_path / "config.json").write_text(json.dumps(settings))
    with pytest.raises(SystemExit) as ended:
        main(["run", str(tmp_path / "config.json"), "--out", str(tmp_path / "runs")])
    assert ended.value.code == caught.value.exit_code  # type: ignore[attr-defined]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("ringtape: error: ")
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


def test_a_range_without_a_session_is_refused(config, tmp_path: Path):
    config["backtest_config"] = {"start_date": "2024-11-30", "end_date": "2024-12-01"}
    with pytest.raises(ConfigError, match=r"no US_EQUITY session from 2024-11-30 to 2024-12-01"):
        run(config, strategy=Crosser, out=tmp_path / "runs")
    assert list(tmp_path.iterdir()) == []


def test_a_range_without_a_bar_is_refused(config, tmp_path: Path):
    config["backtest_config"] = {"start_date": "2023-01-03", "end_date": "2023-01-04"}
    with pytest.raises(DataError, match=r"no 1m bars from 2023-01-03 to 2023-01-04 .*ALFA"):
        run(config, strategy=Crosser, out=tmp_path / "runs")
    assert list(tmp_path.iterdir()) == []


GOOD = "2024-03-04 14:30,10,11,9,10,100"


@pytest.mark.parametrize(
    ("row", "parts"),
    [
        ("2024-03-04 14:30,10,11,9,10,100", ["duplicates"]),
        ("2024-03-04 14:31,nan,11,9,10,100", ["open"]),
        ("2024-03-04 14:31,-1,11,9,10,100", ["open", "-1"]),
        ("2024-03-04 14:31,10,9,11,10,100", ["high", "low"]),
        ("2024-03-04 14:31,10,11,9,10,-5", ["volume", "-5"]),
        ("2024-02-30 14:31,10,11,9,10,100", ["2024-02-30"]),
    ],
)
def test_a_file_with_a_bad_row_is_refused_and_makes_no_catalog(
    tmp_path: Path, row: str, parts: list[str], capsys
):
    source = tmp_path / "AAA.csv"
    source.write_text(textwrap.dedent(f"ts,open,high,low,close,volume\n{GOOD}\n{row}\n"))
    catalog = tmp_path / "catalog"
    with pytest.raises(SystemExit) as ended:
        main(["import", str(source), "--catalog", str(catalog), "--interval", "1m"])
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    for part in ("ringtape: error: ", *parts):
        assert part in line
    assert not catalog.exists()
