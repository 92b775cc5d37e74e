import os
import subprocess
import sys

import psutil
import pytest

from pipeline.sweeps.executors.memory import TreeMemory

HOLDS = "import sys; block = bytearray(b'x' * 64_000_000); print('ready', flush=True); input()"


def test_children_count_and_the_peak_stays():
    memory = TreeMemory()
    memory.sample(now=True)
    before = memory.peak
    assert before > 1_000_000
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        memory.sample(now=True)
        child.communicate("\n")
    assert memory.peak > before + 60_000_000
    peak = memory.peak
    memory.sample(now=True)
    assert memory.peak == peak


def test_who_ended_between_two_measurements_counts_with_what_it_had():
    memory = TreeMemory()
    memory.sample(now=True)
    before = memory.peak
    memory.ended({-1: (10_000_000, 0), -2: (20_000_000, 0)})
    peak = memory.peak
    assert before + 29_000_000 < peak < before + 40_000_000
    memory.ended({})
    assert memory.peak == peak
    memory.ended({-1: (10_000_000, 10**10), -2: (20_000_000, 10**9)})
    assert 10**10 + 30_000_000 < memory.peak < 10**10 + before + 10**9


def test_it_does_not_measure_again_at_once(monkeypatch: pytest.MonkeyPatch):
    memory = TreeMemory()
    memory.sample(now=True)
    monkeypatch.setattr(psutil, "Process", lambda: os.abort())
    memory.sample()


@pytest.mark.skipif(not hasattr(psutil.Process().memory_full_info(), "pss"), reason="needs PSS")
def test_shared_pages_count_once(tmp_path):
    path = tmp_path / "shared"
    path.write_bytes(b"x" * 64_000_000)
    script = (
        "import mmap, sys; f = open(sys.argv[1]);"
        "m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ);"
        "sum(m[::4096]); print('ready', flush=True); input()"
    )
    memory = TreeMemory()
    memory.sample(now=True)
    before = memory.peak
    children = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    memory.sample(now=True)
    for child in children:
        child.communicate("\n")
    assert memory.peak < before + 2 * 64_000_000
