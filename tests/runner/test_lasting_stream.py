"""What is written to a reader that has gone ends nothing, now or when the interpreter ends."""

import io
import os
import pty
import subprocess
import sys

import pytest

from pipeline.runner.lasting_stream import LastingStream
from tests.reference.own_process import environment

SCRIPT = """
import sys
from pipeline.runner.lasting_stream import LastingStream

stream = LastingStream(sys.stderr)
for _ in range(3):
    stream.write("a line\\n")
    stream.flush()
print("done")
"""


def test_what_is_written_arrives():
    plain = io.StringIO()
    stream = LastingStream(plain)
    assert stream.write("a line") == 6
    stream.flush()
    assert plain.getvalue() == "a line"
    assert not stream.isatty()


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX terminals")
@pytest.mark.parametrize("kind", ["pipe", "terminal"])
def test_a_process_whose_reader_has_gone_ends_well(kind: str):
    reader, writer = os.pipe() if kind == "pipe" else pty.openpty()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=writer,
        text=True,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stdout) == (0, "done\n")


def test_a_stream_without_a_descriptor_may_fail_as_well():
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    assert LastingStream(Gone()).write("a line") == 6
