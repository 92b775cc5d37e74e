import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import run
from pipeline.config.session import SessionConfig
from pipeline.errors import DataError, StrategyError
from pipeline.market.actions import Actions
from pipeline.market.catalog.catalog import Catalog
from pipeline.strategy.examples import RsiReversion, SmaCross
from pipeline.strategy.source import load_class
from pipeline.strategy.strategy import values_of
from pipeline.sweeps.keys import keys
from pipeline.sweeps.keys.keys import data_hash, lane_key, settings_hash, strategy_hash
from tests.market.catalogs import bars
from tests.sweeps.sources import FILES, PACKAGE, hash_of, write

SOME = bars(50)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    catalog = Catalog(tmp_path / "catalog")
    for symbol in ("AAA", "BBB", "CCC"):
        catalog.write(symbol, "1m", SOME, "s")
        catalog.write(symbol, "5m", bars([0, 5, 10]), "s")
    return catalog


@pytest.fixture
def configured(settings_of_a_session, catalog):
    def make(**changes: Any) -> SessionConfig:
        return SessionConfig.load(settings_of_a_session(catalog=str(catalog.path), **changes))

    return make


def changed(index: int) -> Any:
    """The bars with one close of another value, within its bar."""
    column = SOME["close"].to_numpy().copy()
    column[index] += 0.01
    place = SOME.schema.get_field_index("close")
    return SOME.set_column(place, "close", [column])


# -- data -------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", [0, 25, 49])
def test_one_bar_changes_the_hash_of_the_data(configured, catalog, index):
    before = data_hash(configured())
    assert re.fullmatch("[0-9a-f]{32}", before)
    assert data_hash(configured()) == before
    catalog.write("BBB", "1m", changed(index), "s", replace=True)
    after = data_hash(configured())
    assert after != before
    catalog.write("BBB", "1m", SOME, "s", replace=True)
    assert data_hash(configured()) == before


def test_a_file_that_is_changed_in_place_counts_though_the_manifest_does_not_tell(
    configured, catalog
):
    before = data_hash(configured())
    file = catalog.path / "1m" / "AAA.parquet"
    content = bytearray(file.read_bytes())
    content[200] ^= 1
    file.write_bytes(content)
    assert data_hash(configured()) != before


def test_only_what_a_run_reads_counts(configured, catalog):
    before = data_hash(configured())
    catalog.write("CCC", "1m", changed(3), "s", replace=True)
    catalog.write("AAA", "5m", bars([0, 5]), "s", replace=True)
    assert data_hash(configured()) == before
    with_benchmark = data_hash(configured(benchmark="CCC"))
    assert with_benchmark != before
    catalog.write("CCC", "1m", changed(4), "s", replace=True)
    assert data_hash(configured(benchmark="CCC")) not in (before, with_benchmark)


def test_corporate_actions_count(configured, catalog):
    before = data_hash(configured())
    found = set()
    for split in (2.0, 3.0):
        day = np.array(["2024-11-04"], "M8[ns]").astype(np.int64)
        table = Actions(day, np.array([split]), np.array([0.0]))
        catalog.write_actions({"BBB": table}, "s", replace=True)
        found.add(data_hash(configured()))
    assert len(found | {before}) == 3


def test_the_symbols_count_in_their_order(configured):
    def of(*symbols: str, **changes: Any) -> str:
        data = {"symbols": list(symbols), "streams": ["1m"]}
        return data_hash(configured(session_data_config=data, **changes))

    # The bars of all three are equal: only the names tell them apart.
    found = [of("AAA", "BBB"), of("BBB", "AAA"), of("AAA"), of("AAA", "CCC")]
    found.append(of("AAA", benchmark="BBB"))
    assert len(set(found)) == 5


def test_data_that_is_not_there_is_refused(configured, catalog):
    with pytest.raises(DataError, match="DDD is not in"):
        data_hash(configured(benchmark="DDD"))
    (catalog.path / "1m" / "AAA.parquet").unlink()
    with pytest.raises(DataError, match=r"cannot read .*AAA\.parquet: No such file"):
        data_hash(configured())


# -- code -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "name"),
    [(FILES, "own.py:Own"), (FILES, "own:Own"), (PACKAGE, "pack.own:Own")],
)
def test_a_strategy_depends_on_its_file_and_on_those_that_it_imports(tmp_path, files, name):
    """Also in functions, and of what is imported in turn; not on others beside them."""
    write(tmp_path, files)
    before = hash_of(name, tmp_path)
    assert re.fullmatch("[0-9a-f]{32}", before)
    found = {before}
    for file in files:
        write(tmp_path, {file: files[file] + "\nMORE = 1\n"})
        after = hash_of(name, tmp_path)
        assert (after == before) == (Path(file).name == "unused.py"), file
        found.add(after)
        write(tmp_path, {file: files[file]})
    assert len(found) == len(files)
    assert hash_of(name, tmp_path) == before


def test_one_constant_of_a_strategy_changes_its_hash(tmp_path):
    write(tmp_path, FILES)
    before = hash_of("own.py:Own", tmp_path)
    text = (tmp_path / "own.py").read_text()
    (tmp_path / "own.py").write_text(text.replace("LEVEL = 1.0", "LEVEL = 1.5"))
    assert hash_of("own.py:Own", tmp_path) != before


def test_where_files_lie_and_where_they_are_named_from_does_not_count(tmp_path):
    one, other, elsewhere = (tmp_path / name for name in ("one", "other/deep", "elsewhere"))
    for folder in (one, other):
        write(folder, FILES)
    elsewhere.mkdir()
    found = {
        hash_of("own.py:Own", one),
        hash_of("own.py:Own", other),
        hash_of("../one/own.py:Own", elsewhere),
        hash_of(f"{other}/own.py:Own", elsewhere),
        hash_of("own:Own", one),
    }
    assert len(found) == 1


def test_classes_of_one_file_differ(tmp_path):
    write(tmp_path, FILES)
    assert hash_of("own.py:Own", tmp_path) != hash_of("own.py:Other", tmp_path)


def test_the_base_of_a_strategy_counts_from_wherever_it_comes(tmp_path):
    made = {
        "bases.py": FILES["own.py"],
        "make.py": "import bases\n\n\ndef make(n):\n    return type('M', (bases.Own,), {'n': n})",
        "own.py": "import make\n\nMade = make.make(3)\n",
    }
    write(tmp_path, FILES | made)
    found = {hash_of("own.py:Made", tmp_path)}
    for file, old, new in (
        ("bases.py", "LEVEL = 1.0", "LEVEL = 2.0"),
        ("own.py", "make(3)", "make(4)"),
        ("make.py", "'n': n", "'m': n"),
    ):
        write(tmp_path, {file: made[file].replace(old, new)})
        found.add(hash_of("own.py:Made", tmp_path))
    assert len(found) == 4


def test_the_engine_and_the_libraries_count(monkeypatch):
    name = "pipeline.strategy.examples:SmaCross"
    before = strategy_hash(SmaCross, name)
    assert strategy_hash(SmaCross, name) == before
    assert strategy_hash(RsiReversion, name.replace("SmaCross", "RsiReversion")) != before
    for library in ("exchange_calendars", "numba", "numpy", "pyarrow"):
        keys.engine_hash.cache_clear()
        version = keys.importlib.metadata.version
        with monkeypatch.context() as patched:
            patched.setattr(
                "importlib.metadata.version",
                lambda one, library=library, version=version: (
                    "0.0" if one == library else version(one)
                ),
            )
            assert strategy_hash(SmaCross, name) != before
    keys.engine_hash.cache_clear()
    assert strategy_hash(SmaCross, name) == before


def test_all_sources_count_but_those_that_show_and_choose(monkeypatch, tmp_path):
    folders = (tmp_path / "pipeline", tmp_path / "shm")
    monkeypatch.setattr(keys, "ENGINE_FOLDERS", folders)

    def after(file: str) -> str:
        write(tmp_path, {file: "X = 1\n"})
        keys.engine_hash.cache_clear()
        return keys.engine_hash()

    try:
        start = after("pipeline/a.py")
        beside = ("cli", "sweeps", "watch")
        assert [after(f"pipeline/{name}/b.py") == start for name in beside] == [True] * 3
        assert len({start, after("pipeline/x/b.py"), after("shm/b.py"), after("shm/cli/b.py")}) == 4
    finally:
        keys.engine_hash.cache_clear()


# -- settings ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "override",
    [
        "execution.commission_per_share=0.005",
        "execution.slippage=0.01",
        "execution.commission_bps=1",
        "execution.fill=this_close",
        "trading_config.initial_cash=5000",
        "backtest_config.end_date=2024-12-02",
        "session_data_config.streams.1=15m",
        'session_data_config.symbols=["BBB", "AAA"]',
        "session_data_config.prices=adjusted",
        "instruments.AAA.tick_size=0.01",
        "exchange_group=CRYPTO",
        "benchmark=AAA",
    ],
)
def test_a_setting_that_changes_results_counts(settings_of_a_session, override):
    settings = settings_of_a_session()
    before = settings_hash(SessionConfig.load(settings))
    assert settings_hash(SessionConfig.load(settings, [override])) != before


@pytest.mark.parametrize(
    "override",
    [
        "session_name=other",
        "metadata.note=mine",
        "pipeline.engines=4",
        "pipeline.start_method=spawn",
        "backtest_config.speed_multiplier=60",
        "backtest_config.prefetch_days=3",
        "catalog=elsewhere",
        "strategy.parameters.fast=99",
        "strategy.mode=interpreted",
        "execution.commission_per_share=0",
    ],
)
def test_a_setting_that_changes_no_result_does_not(settings_of_a_session, override):
    settings = settings_of_a_session()
    before = settings_hash(SessionConfig.load(settings))
    assert settings_hash(SessionConfig.load(settings, [override])) == before


def test_an_own_commission_counts_by_its_code(settings_of_a_session, tmp_path, monkeypatch):
    def of(folder: str, fee: str, rate: str) -> str:
        home = tmp_path / folder
        write(home, {"costs.py": fee, "rates.py": rate})
        execution = {"commission": f"{home}/costs.py:fee"}
        return settings_hash(SessionConfig.load(settings_of_a_session(execution=execution)))

    fee = "def fee(order):\n    from rates import RATE\n    return RATE\n"
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = of("a", fee, "RATE = 1.0\n")
    assert of("a", fee, "RATE = 1.0\n") == before
    assert of("a", fee, "RATE = 2.0\n") != before
    assert of("a", fee.replace("return RATE", "return 2 * RATE"), "RATE = 1.0\n") != before
    assert of("a", fee, "RATE = 1.0\n") == before


# -- keys -------------------------------------------------------------------------------------


def key(parameters: dict[str, Any], cls: Any = SmaCross, **rest: Any) -> str:
    return lane_key("data", "code", "settings", values_of(cls(**parameters)), **rest)


def test_a_key_is_the_same_however_a_parameter_is_written():
    found = key({"fast": 10, "quantity": 100})
    assert re.fullmatch("[0-9a-f]{32}", found)
    assert key({"quantity": 100.0, "fast": 10}) == found
    assert key({"quantity": 100.0, "fast": 10, "slow": 30}) == found
    assert key({}) == found


def test_all_that_a_key_is_made_of_counts():
    found = [
        key({}),
        lane_key("other", "code", "settings", values_of(SmaCross())),
        lane_key("data", "other", "settings", values_of(SmaCross())),
        lane_key("data", "code", "other", values_of(SmaCross())),
        key({"fast": 11}),
        key({}, universe="a", symbols=["AAA"]),
        key({}, universe="b", symbols=["AAA"]),
        key({}, universe="a", symbols=["AAA", "BBB"]),
        key({}, mode="interpreted"),
    ]
    assert len(set(found)) == len(found)


VALUES = {"fast": st.integers(1, 50), "slow": st.integers(1, 50), "quantity": st.floats(-9, 9)}
SETS = st.fixed_dictionaries({}, optional=VALUES)


@given(SETS, SETS)
def test_keys_are_equal_if_and_only_if_all_parameters_are(one, other):
    defaults = {"fast": 10, "slow": 30, "quantity": 100.0}
    # Told apart by their texts: 0.0 equals -0.0 and is another value.
    same = str(defaults | one) == str(defaults | other)
    assert (key(one) == key(other)) == same


def test_a_parameter_that_the_strategy_does_not_have_is_refused():
    with pytest.raises(StrategyError, match="did you mean fast"):
        key({"fats": 3})


def test_a_lane_that_runs_has_a_key_before_it_does(sample, tmp_path, settings_of_a_session):
    """And running it changes nothing that the key is made of."""
    config = SessionConfig.load(
        settings_of_a_session(
            catalog=str(sample),
            session_data_config={"symbols": ["ALFA"], "streams": ["1m"]},
            backtest_config={"start_date": "2024-10-22", "end_date": "2024-10-23"},
        )
    )
    name = config.strategies[0].name

    def made() -> str:
        cls = load_class(name)
        parts = data_hash(config), strategy_hash(cls, name), settings_hash(config)
        return lane_key(*parts, values_of(cls(**config.strategies[0].parameters)))

    before = made()
    run(config, out=tmp_path)
    assert made() == before
