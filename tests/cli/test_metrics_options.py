"""The options `--metrics` and `--metrics-file` of run and sweep: what is wrong is told at once."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.examples import example_path

COMMANDS = pytest.mark.parametrize(
    ("command", "config"), [("run", "demo.json"), ("sweep", "sweep.json")]
)


@COMMANDS
def test_a_port_in_use_ends_the_command_before_anything_starts(
    command: str, config: str, called: Callable[..., Any], tmp_path: Path
):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = called(command, str(example_path(config)), "--metrics", str(port))
    assert ended.code == 2
    (line,) = ended.err.splitlines()
    assert f"--metrics {port}: 127.0.0.1:{port} cannot be had: Address already in use" in line
    assert not list(tmp_path.iterdir())


@COMMANDS
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--metrics", "http"], "--metrics is 'http', expected a port from 1 to 65535"),
        (["--metrics-file", "no/such.prom"], "cannot be written: No such file or directory"),
        (["--metrics-file", "/dev/null"], "cannot be written: it is no regular file"),
        (["--metrics-file", ""], "Invalid value for '--metrics-file': the path is empty"),
    ],
)
def test_what_cannot_be_meant_is_one_line_and_exit_code_2(
    command: str,
    config: str,
    options: list[str],
    said: str,
    called: Callable[..., Any],
    tmp_path: Path,
):
    ended = called(command, str(example_path(config)), *options)
    assert ended.code == 2
    (line,) = ended.err.splitlines()
    assert said in line
    assert not list(tmp_path.iterdir())
