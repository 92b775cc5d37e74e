"""`ringtape stress`: a real, short one, and what it refuses."""

import json
import re
from pathlib import Path

import pytest

from pipeline.checks.stress.comparison import read_result
from pipeline.checks.stress.result import Setting
from pipeline.cli.stressing import _write_setting
from pipeline.config.session import SessionConfig
from tests.checks.stress.results import result
from tests.small_disk import small_file_system

SETTING = Setting(processors=1, engines=2, slots=8, slot_rows=4096)


@pytest.fixture
def config(sample: Path, tmp_path: Path) -> Path:
    path = tmp_path / "mine.json"
    settings = {
        "session_name": "mine",
        "backtest_config": {"start_date": "2024-10-22", "end_date": "2024-12-03"},
        "session_data_config": {"symbols": ["ALFA", "BRVO"]},
        "strategy": {"name": "pipeline.strategy.examples:SmaCross"},
        "catalog": str(sample),
    }
    path.write_text(json.dumps(settings))
    return path


def test_a_short_one_leaves_a_document_and_a_page(ringtape, config: Path, tmp_path: Path):
    options = ("--minutes", "0.1", "--phase", "open", "--json", "--metrics-file", "m.prom")
    done = ringtape("stress", config, *options)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    folder = tmp_path / document["folder"]
    kept = read_result(folder)
    assert len(kept.open.points) == 9  # type: ignore[union-attr]  # the phase was asked for
    assert kept.closed is None
    assert kept.workload.load.lanes == 1
    assert "Bars offered at a rate" in (folder / "stress.html").read_text()
    assert "open: " in done.stderr
    shown = (tmp_path / "m.prom").read_text()
    assert 'ringtape_state="done"} 1' in shown
    (walked,) = re.findall(r'^ringtape_bars_total\{.*"engine"\} (\d+)$', shown, re.MULTILINE)
    assert int(walked) >= sum(one.latency.count for one in kept.open.points)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--at-least", "0"], "0.0 is not in the range"),
        (["--p99", "0"], "0.0 is not in the range"),
        (["--p99", "nan"], "'nan' is no number"),
        (["--minutes", "nan"], "'nan' is no number"),
        (["--phase", "closed", "--at-least", "5"], "--at-least needs the knee"),
        (["--phase", "open", "--write"], "--write needs a recommended setting"),
        (["--write"], "--write needs CONFIG"),
        (["--compare", "nowhere.json"], "'nowhere.json' does not exist"),
        (["--out", "/dev/null"], "--out /dev/null: nothing can be written in /dev/null"),
        (["--out", "/proc/x"], "--out /proc/x: nothing can be written in /proc: "),
        (["nowhere.json"], "'nowhere.json' does not exist"),
        (["--phase", "all"], "'all' is not one of"),
        (["--metrics", "x", "--phase", "open"], "expected a port"),
    ],
)
def test_what_contradicts_is_refused_in_one_line(called, arguments: list[str], told: str):
    ended = called("stress", *arguments)
    assert ended.code == 2
    assert told in ended.err
    assert ended.err.startswith("ringtape: error: ") or "Usage" in ended.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "it is no JSON"),
        ("[]", "it has no version"),
        ('{"version": 0}', "is a result of version 0, expected 1"),
        ('{"version": 1}', "is damaged"),
    ],
)
def test_an_older_result_that_is_none_is_refused(called, tmp_path: Path, text: str, told: str):
    (tmp_path / "old.json").write_text(text)
    ended = called("stress", "--compare", "old.json")
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
    assert ended.err.count("\n") == 1


def test_a_strategy_that_raises_is_told_in_one_line(ringtape, config: Path, tmp_path: Path):
    (tmp_path / "broken.py").write_text(
        "from pipeline import Strategy\n\n\nclass Broken(Strategy):\n"
        "    def on_bar(self, bar, ctx):\n        raise ValueError('no')\n"
    )
    settings = json.loads(config.read_text())
    settings["strategy"] = {"name": "broken.py:Broken", "mode": "interpreted"}
    config.write_text(json.dumps(settings))
    done = ringtape("stress", config, "--phase", "open", "--minutes", "0.1")
    assert done.returncode == 1
    told = done.stderr.splitlines()[-1]
    assert told.startswith("ringtape: error: ")
    assert "broken.py:6" in told
    assert not (tmp_path / "stress").exists()


def test_a_machine_without_room_is_told_in_one_line(
    called, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("pipeline.runner.memory.available_shared_memory", lambda: 1_000)
    ended = called("stress", str(config), "--phase", "open", "--minutes", "0.1")
    assert (ended.code, ended.out) == (2, "")
    told = ended.err.splitlines()[-1]
    assert told.startswith("ringtape: error: the ring needs ")
    assert "lower pipeline.slots" in told
    assert not (tmp_path / "stress").exists()


def test_a_setting_is_written_into_json_and_the_rest_stays(config: Path):
    whole = json.loads(config.read_text())
    whole["pipeline"] = {"engines": 1, "start_method": "spawn"}
    config.write_text(json.dumps(whole))
    _write_setting(config, SETTING)
    found = SessionConfig.load(config)
    assert found.pipeline.model_dump(include=set(Setting.model_fields)) == SETTING.model_dump()
    assert found.pipeline.start_method == "spawn"
    assert json.loads(config.read_text())["session_name"] == "mine"


def test_a_setting_is_written_into_toml_as_often_as_wanted(tmp_path: Path):
    config = tmp_path / "mine.toml"
    config.write_text('session_name = "mine"  # a comment\n')
    for _ in range(2):
        _write_setting(config, SETTING)
        assert config.read_text() == (
            'session_name = "mine"  # a comment\n\n[pipeline]\nprocessors = 1\nengines = 2\n'
            "slots = 8\nslot_rows = 4096\n"
        )


def test_a_configuration_that_cannot_be_written_is_refused_before_anything_is_measured(
    called, tmp_path: Path
):
    config = tmp_path / "mine.toml"
    config.write_text("pipeline = {slots = 4}\n")
    ended = called("stress", str(config), "--phase", "closed", "--write")
    assert (ended.code, ended.out) == (2, "")
    assert "mine.toml cannot be changed: " in ended.err


def test_a_knee_that_is_too_low_fails(called, monkeypatch: pytest.MonkeyPatch, config: Path):
    made = result()
    assert made.knee is not None
    assert made.knee.rate is not None
    monkeypatch.setattr("pipeline.checks.stress.stress.stress", lambda *_: made)
    ended = called("stress", str(config), "--at-least", str(made.knee.rate - 1))
    assert ended.code == 0
    ended = called("stress", str(config), "--at-least", str(made.knee.rate + 1))
    assert ended.code == 1
    assert f"the knee is at {made.knee.rate:,.0f} bars/s, expected at least" in ended.err
    assert len(list(Path("stress").iterdir())) == 2


def test_a_result_for_which_the_disk_has_no_room_is_shown_all_the_same(
    called, monkeypatch: pytest.MonkeyPatch, config: Path, tmp_path: Path
):
    monkeypatch.setattr("pipeline.checks.stress.stress.stress", lambda *_: result())
    with small_file_system(tmp_path / "disk", "16k") as disk:
        ended = called("stress", str(config), "--out", str(disk))
        assert list(disk.iterdir()) == []
    assert ended.code == 1
    assert "knee" in ended.out
    told = ended.err.splitlines()[-1]
    assert told.startswith(f"ringtape: error: cannot write {disk}/stress-")
    assert told.endswith(" bytes free)")
    assert "/stress.json: the disk is full (" in told
