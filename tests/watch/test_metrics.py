import shutil
import socket
import struct
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as open_metrics,
)
from prometheus_client.parser import text_string_to_metric_families as prometheus

from pipeline.errors import ConfigError
from pipeline.runner.run import Result, run
from pipeline.sweeps.sweep import sweep
from pipeline.watch import metrics
from pipeline.watch.metrics import metrics_shown


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def scraped(port: int, accept: str = "") -> str:
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers={"Accept": accept})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        text: str = answer.read().decode()
        return text


def counters(text: str) -> dict[tuple[str, str], float]:
    return {
        (sample.name, str(sorted(sample.labels.items()))): sample.value
        for family in prometheus(text)
        for sample in family.samples
        if family.type == "counter" or sample.name.endswith(("_count", "_sum"))
    }


@pytest.fixture
def settings(sample: Path) -> dict[str, Any]:
    return {
        "session_name": "shown",
        "backtest_config": {"start_date": "2024-10-22", "end_date": "2024-12-03"},
        "session_data_config": {"symbols": ["ALFA", "BRVO"]},
        "strategy": {"name": "pipeline.strategy.examples:SmaCross"},
        "catalog": str(sample),
    }


@pytest.fixture
def passes(settings: dict[str, Any], tmp_path: Path) -> Iterator[threading.Thread]:
    """Give a sweep of eight passes that is to be started."""
    settings["sweep"] = {
        "space": {"fast": [3, 4, 5, 6], "slow": [10, 20, 30, 40]},
        "lanes_per_pass": 2,
        "best": 0,
    }
    thread = threading.Thread(
        target=lambda: sweep(settings, out=tmp_path / "runs", progress=False, engines=1)
    )
    yield thread
    thread.join()


def test_counters_never_go_back_over_a_sweep(passes: threading.Thread, tmp_path: Path):
    file, port = tmp_path / "metrics.prom", free_port()
    with metrics_shown(str(port), file):
        passes.start()
        before: dict[tuple[str, str], float] = {}
        looks = 0
        while passes.is_alive() or not looks:
            found = counters(scraped(port))
            assert all(found.get(name, 0.0) >= value for name, value in before.items())
            before = found or before
            looks += 1
        passes.join()
    assert looks > 3
    last = {name: value for (name, _), value in counters(file.read_text()).items()}
    assert last["ringtape_passes_total"] == 8
    ended = {
        labels: value
        for (name, labels), value in counters(file.read_text()).items()
        if name == "ringtape_lanes_ended_total"
    }
    assert sum(ended.values()) == 16
    assert not list(tmp_path.glob("*.half"))


def test_counters_never_go_back_in_a_run_and_the_file_has_its_last(
    settings: dict[str, Any], tmp_path: Path
):
    file, port = tmp_path / "metrics.prom", free_port()
    results: list[Result] = []
    thread = threading.Thread(
        target=lambda: results.append(run(settings, out=tmp_path / "runs", progress=False))
    )
    with metrics_shown(str(port), file):
        thread.start()
        before: dict[tuple[str, str], float] = {}
        while thread.is_alive():
            found = counters(scraped(port))
            assert all(found.get(name, 0.0) >= value for name, value in before.items())
            before = found or before
        thread.join()
    (walked,) = [
        value
        for (name, labels), value in counters(file.read_text()).items()
        if name == "ringtape_bars_total" and "'engine'" in labels
    ]
    assert walked == results[0].summary["bars"]


def test_a_run_that_nobody_scrapes_is_in_the_file_at_its_end(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(metrics, "EVERY_SECONDS", 1_000.0)
    file = tmp_path / "metrics.prom"
    with metrics_shown(None, file):
        run(settings, out=tmp_path / "runs", progress=False)
    assert 'ringtape_state="done"} 1' in file.read_text()


def test_a_reader_that_breaks_off_writes_nothing_to_the_terminal(capfd):
    with metrics_shown(str(port := free_port()), None):
        with socket.create_connection(("127.0.0.1", port)) as reader:
            # With no time to linger, closing resets the connection.
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            reader.sendall(b"GET /metrics HT")
        assert scraped(port) == ""
    assert capfd.readouterr() == ("", "")


def test_open_metrics_are_given_to_who_accepts_them():
    with metrics_shown(str(port := free_port()), None):
        assert list(open_metrics(scraped(port, "application/openmetrics-text"))) == []


def test_another_path_is_not_found():
    port = free_port()
    with (
        metrics_shown(f"127.0.0.1:{port}", None),
        pytest.raises(urllib.error.HTTPError, match="404"),
    ):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/other", timeout=10)


@pytest.mark.parametrize("address", ["", "0", "65536", "abc", "127.0.0.1:"])
def test_an_address_that_is_none_is_refused(address: str):
    with pytest.raises(ConfigError, match="expected a port"), metrics_shown(address, None):
        pass


def test_a_port_that_is_in_use_is_refused():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match="cannot be had"), metrics_shown(str(port), None):
            pass


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b"])
def test_a_host_that_is_none_is_refused(host: str):
    refused = pytest.raises(ConfigError, match="cannot be had")
    with refused, metrics_shown(f"{host}:{free_port()}", None):
        pass


def test_a_file_in_no_folder_is_refused(tmp_path: Path):
    file = tmp_path / "nowhere" / "metrics.prom"
    refused = pytest.raises(ConfigError, match="cannot be written: No such file")
    with refused, metrics_shown(None, file):
        pass


def test_a_file_that_cannot_be_written_any_more_is_told_at_the_end(tmp_path: Path):
    folder, told = tmp_path / "folder", []
    folder.mkdir()
    with metrics_shown(None, folder / "metrics.prom", told.append):
        shutil.rmtree(folder)
    (text,) = told
    assert "metrics.prom could not be written at the end: No such file" in text


def test_no_thread_is_left():
    before = threading.active_count()
    with metrics_shown(str(free_port()), None):
        pass
    assert threading.active_count() == before
