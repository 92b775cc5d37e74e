import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from pipeline.cli import main
from tests.reference import own_process

Ringtape = Callable[..., "subprocess.CompletedProcess[str]"]


def command_environment(**more: str) -> dict[str, str]:
    return own_process.environment(PYTHONWARNINGS="error", **more)


@pytest.fixture
def ringtape(tmp_path: Path) -> Ringtape:
    """Run the command in an empty folder, as its own process with nothing but pipes."""

    def run(
        *args: str | Path, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return own_process.python(
            "-m",
            "pipeline.cli",
            *args,
            check=False,
            env=command_environment(**(environment or {})),
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
        )

    return run


class Ended(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """Run the command in an empty folder, in this process: quicker, and mostly the same."""
    monkeypatch.chdir(tmp_path)

    def call(*args: str) -> Ended:
        with pytest.raises(SystemExit) as exit_info:
            main(args)
        assert isinstance(exit_info.value.code, int)
        captured = capsys.readouterr()
        return Ended(exit_info.value.code, captured.out, captured.err)

    return call
