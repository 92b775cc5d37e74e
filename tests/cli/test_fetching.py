import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pipeline.market.catalog.catalog import Catalog
from tests.cli.conftest import command_environment
from tests.cli.terminals import in_a_terminal
from tests.fetch.archive import archive
from tests.fetch.service import Asked, Reply, serving


@pytest.fixture
def service():
    with serving() as service:
        service.answer = archive()
        yield service


def asked(service, *more: str) -> list[str]:
    return [
        *("fetch", "binance-archive", "BTCUSDT", "--interval", "1h", "--start", "2024-01-30"),
        *("--end", "2024-03-02", "--address", service.address, *more),
    ]


def test_bars_are_in_the_catalog_and_the_source_is_told(called, service, tmp_path: Path):
    done = called(*asked(service))
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[1].split()[:4] == ["1h", "BTCUSDT", "4", "768"]
    assert lines[-2].startswith("binance-archive: UTC, stamped at open, not adjusted; minutes")
    assert lines[-1] == "4 replies in raw/binance-archive."
    assert Catalog(tmp_path / "catalog" / "fetched").load("BTCUSDT", "1h").num_rows == 768
    assert called(*asked(service)).out.endswith(" in raw/binance-archive, 4 of them from before.\n")


def test_a_document_has_what_a_program_needs(called, service):
    document = json.loads(called(*asked(service, "--json", "--catalog", "mine")).out)
    assert document["replies"] == {"fetched": 4, "reused": 0}
    assert (document["start"], document["end"]) == ("2024-01-30", "2024-03-02")
    assert (document["raw"], document["catalog"]) == ("raw/binance-archive", "mine")
    (series,) = document["series"]
    assert (series["symbol"], series["added"]) == ("BTCUSDT", 768)
    assert (series["first"], series["last"]) == ("2024-01-30T00:00:00Z", "2024-03-01T23:00:00Z")


def test_bars_that_differ_from_those_of_the_catalog_need_replace(called, service, tmp_path: Path):
    called(*asked(service))
    csv = "symbol,interval,ts,open,high,low,close,volume\n"
    csv += "BTCUSDT,1h,2024-01-30T00:00:00Z,9,9,9,9,1\n"
    (tmp_path / "other.csv").write_text(csv)
    called("import", "other.csv", "--catalog", "catalog/fetched", "--replace")
    refused = called(*asked(service))
    assert refused.code == 2
    assert "BTCUSDT 1h" in refused.err
    assert called(*asked(service, "--replace")).code == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["fetch"], "Missing argument 'SOURCE'; --list says which there are"),
        (["fetch", "binance-archive"], "Missing argument 'SYMBOL...'"),
        (["fetch", "binance-archive", "X", "--start", "2024-01-01"], "Missing option '--interval'"),
        (["fetch", "binance-archive", "X", "--interval", "1m"], "Missing option '--start'"),
        (["fetch", "binance", "X", "--interval", "1m", "--start", "x"], "there is no source"),
    ],
)
def test_what_is_missing_or_wrong_is_bad_input(called, arguments, told):
    done = called(*arguments)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert told in done.err


def test_a_source_that_refuses_is_a_failure_of_one_line(called, service):
    service.answer = lambda asked: Reply(status=451)
    done = called(*asked(service))
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "answered 451" in done.err


def test_sources_are_listed(called):
    out = called("fetch", "--list").out
    assert out.splitlines()[1].split() == ["binance-archive", "none", "nothing"]
    (first, *_) = json.loads(called("fetch", "--list", "--json").out)["sources"]
    assert (first["name"], first["installed"], first["install"]) == ("binance-archive", "", "")
    assert first["intervals"][:2] == ["1s", "1m"]


def test_days_are_counted_on_a_terminal(service, tmp_path: Path):
    more = ("--catalog", str(tmp_path / "catalog"), "--raw", str(tmp_path / "raw"))
    code, shown = in_a_terminal(*asked(service, *more))
    assert code == 0
    assert "fetching day 31 of 32: BTCUSDT" in shown


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
def test_a_fetch_that_is_interrupted_goes_on_with_the_same_command(service, tmp_path: Path):
    whole, came, go_on = service.answer, threading.Event(), threading.Event()

    def slow(asked: Asked) -> Reply | None:
        if "2024-02" in asked.path:
            came.set()
            go_on.wait()
        return whole(asked)

    service.answer = slow
    command = [sys.executable, "-m", "pipeline.cli", *asked(service, "--json")]
    place = {"cwd": tmp_path, "env": command_environment(), "text": True}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **place, **pipes) as process:
        assert came.wait(60)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    go_on.set()
    assert (process.returncode, out, err) == (130, "", "ringtape: interrupted\n")
    assert not (tmp_path / "catalog").exists()
    service.answer = whole
    done = subprocess.run(command, **place, capture_output=True, check=True)
    assert json.loads(done.stdout)["replies"] == {"fetched": 2, "reused": 2}
