import subprocess
import sys
import time

from tests.reference.own_process import environment, python

# What a shell does with its last command: the process goes on, the program in it is another.
BECOME = """
import os, sys, time
sys.stdin.readline()
print(time.process_time(), flush=True)
os.execv(sys.executable, [sys.executable, "-c", sys.argv[1]])
"""
ASK = """
from pipeline.cli.clock import seconds_since_start
print(seconds_since_start())
"""


def test_the_start_is_after_the_caller_asked_and_before_the_answer():
    before = time.perf_counter()
    done = python("-c", ASK)
    assert 0 < float(done.stdout) < time.perf_counter() - before


def test_the_interpreters_own_start_up_counts():
    bare = "import time; print(time.process_time())"
    done = python("-c", bare)
    asked = python("-c", ASK)
    assert float(asked.stdout) > float(done.stdout) / 2


def test_the_time_that_a_process_waited_before_it_became_the_command_does_not_count():
    with subprocess.Popen(
        [sys.executable, "-c", BECOME, ASK],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        subprocess.run([sys.executable, "-c", "import decimal, inspect"], check=True)
        before = time.perf_counter()
        answer, _ = process.communicate("\n")
    elapsed = time.perf_counter() - before
    used_before, seconds = (float(line) for line in answer.split())
    assert 0 < seconds < used_before + elapsed
