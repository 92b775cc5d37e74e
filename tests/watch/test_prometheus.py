"""A real Prometheus server scrapes a real run; Debian's package `prometheus` has one."""

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.watch.metrics import metrics_shown
from shm.control import ControlPage, RunState
from shm.names import new_run_id
from shm.stats import RowSpec, StatsBlock

SERVER = shutil.which("prometheus")
#: How long the server gets to start, and to scrape.
PATIENCE_SECONDS = 60

pytestmark = pytest.mark.skipif(SERVER is None, reason="prometheus is not installed")


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    found: list[int] = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return found


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """Give the port at which the server looks for metrics, and that of its own."""
    target, own = free_ports(2)
    job = {"job_name": "ringtape", "static_configs": [{"targets": [f"127.0.0.1:{target}"]}]}
    timing = {"scrape_interval": "200ms", "scrape_timeout": "200ms"}
    configuration = tmp_path / "prometheus.yml"  # JSON is YAML
    configuration.write_text(json.dumps({"global": timing, "scrape_configs": [job]}))
    process = subprocess.Popen(
        [
            str(SERVER),
            f"--config.file={configuration}",
            f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address=127.0.0.1:{own}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield target, own
    finally:
        process.kill()
        process.wait()


def asked(port: int, query: str) -> list[dict[str, str]]:
    """Return the labels and the value of what the server knows; nothing until it is up."""
    address = f"http://127.0.0.1:{port}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            found = json.load(answer)["data"]["result"]
    except (urllib.error.URLError, ConnectionError):
        return []
    return [{**one["metric"], "value": one["value"][1]} for one in found]


def test_a_server_scrapes_a_run(served: tuple[int, int]):
    target, own = served
    run_id = new_run_id()
    with (
        ControlPage.create(run_id, ["engine 0"], title='mine "x"', bars=100) as control,
        StatsBlock.create(run_id, [RowSpec("engine 0", ("bars", "slots"))]) as stats,
        metrics_shown(str(target), None),
    ):
        control.set_state(RunState.RUNNING)
        stats.row("engine 0").count("bars", 42)
        query = f'ringtape_bars_total{{run="{run_id}"}}'
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := asked(own, query)):
            assert time.monotonic() < deadline, "the server has scraped nothing"
            time.sleep(0.05)
        assert [(one["stage"], one["value"]) for one in found] == [("engine", "42")]
        (told,) = asked(own, f'ringtape_run_info{{run="{run_id}"}}')
        assert told["session"] == 'mine "x"'
        (kind,) = asked(own, 'up{job="ringtape"}')
        assert kind["value"] == "1"
