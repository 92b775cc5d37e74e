"""What holds for every bench; that each also runs is shown by `.ci/run`, which runs all of them."""

import os
import runpy
import sys
from pathlib import Path
from unittest import mock

import pytest

BENCH = Path(__file__).parents[2] / "bench"
# The rule by which `.ci/run` knows a bench.
GUARD = '\nif __name__ == "__main__":\n'
BENCHES = sorted(
    path.name for path in BENCH.glob("*.py") if GUARD in path.read_text(encoding="utf-8")
)


def test_there_are_benches() -> None:
    assert "pipeline.py" in BENCHES


@pytest.mark.parametrize("name", BENCHES)
def test_a_bench_answers_to_help_and_knows_smoke(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    monkeypatch.setattr(sys, "path", list(sys.path))
    with mock.patch.dict(os.environ), pytest.raises(SystemExit) as ended:
        runpy.run_path(str(BENCH / name), run_name="__main__")
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "--smoke" in said
    assert "--json" in said


def test_what_is_no_bench_has_no_main_guard_in_another_form() -> None:
    for path in BENCH.glob("*.py"):
        if path.name not in BENCHES:
            assert "__main__" not in path.read_text(encoding="utf-8"), path.name


@pytest.mark.parametrize("name", BENCHES)
def test_the_page_of_the_benches_has_a_section_for_each(name: str) -> None:
    page = (BENCH / "README.md").read_text(encoding="utf-8")
    assert f"\n## {name}: " in page
    assert f"python bench/{name}" in page
