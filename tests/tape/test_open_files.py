"""The number of files that a run keeps open, and the system's limit of it."""

import re

import pytest

from tests.reference.own_process import python

resource = pytest.importorskip("resource")

ASK = """
import resource
import sys
from pipeline.errors import ConfigError
from pipeline.tape.open_files import allow_open_files

soft, hard, symbols = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
try:
    allow_open_files(symbols)
    print(*resource.getrlimit(resource.RLIMIT_NOFILE))
except ConfigError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("soft", "hard", "symbols", "told"),
    [
        (100, 1_000, 30, "100 1000"),
        (100, 1_000, 500, "532 1000"),
        (100, 200, 2_000, "with 2,000 .* 2,032 open files, .* may have 200: .* -n 2032"),
    ],
)
def test_the_limit_is_raised_as_far_as_need_be_or_the_way_is_said(soft, hard, symbols, told):
    done = python("-c", ASK, str(soft), str(hard), str(symbols))
    assert re.fullmatch(f".*{told}.*\n", done.stdout), done.stdout
