"""Names and texts beyond ASCII, in any locale."""

import json
import sys
from pathlib import Path

import pytest

from tests.reference.processes import settings_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="names are Unicode there")

STRATEGY = """
from pipeline import Strategy

class Купить(Strategy):
    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, 1.0)
"""
#: A locale without UTF-8 that Python may not replace.
PLAIN = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


@pytest.fixture
def folder(tmp_path: Path, sample: Path) -> Path:
    """A folder with a strategy and a configuration whose names no plain locale can write."""
    (tmp_path / "Стратегія.py").write_text(STRATEGY, encoding="utf-8")
    config = settings_of("US_EQUITY", "2024-11-25", "2024-11-25", ["ALFA"], ["1m"], sample)
    config["strategy"] = {"name": "Стратегія.py:Купить", "mode": "interpreted"}
    text = json.dumps(config, ensure_ascii=False)
    (tmp_path / "Prüfung.json").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "environment",
    [PLAIN, {"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "latin-1"}],
    ids=lambda environment: " ".join(f"{name}={value}" for name, value in environment.items()),
)
def test_a_run_of_files_with_such_names_prints_what_it_can(ringtape, folder, environment):
    done = ringtape("run", "Prüfung.json", environment=environment)
    assert (done.returncode, done.stderr) == (0, "")
    shown = "Купить" if environment is PLAIN else r"\u041a\u0443\u043f\u0438\u0442\u044c"
    assert shown in done.stdout


def test_a_name_that_no_file_has_is_refused_with_it(ringtape, tmp_path: Path):
    done = ringtape("run", "Größe fehlt.json", environment=PLAIN)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("ringtape: error: Größe fehlt.json does not exist")
