import hashlib
import json

import pytest

from pipeline.fetch.raw import LINES, RawFolder, file_begin

SECOND = 10**9


@pytest.fixture
def folder(tmp_path):
    raw = RawFolder(tmp_path / "source")
    raw.keep("a.json", "http://x/a", 100 * SECOND, 200, b"first")
    raw.keep("b.json", "http://x/b", 200 * SECOND, 200, b"second")
    return tmp_path / "source"


def test_what_is_kept_is_found_by_the_next_one(folder):
    reply = RawFolder(folder).find("http://x/a", 0)
    assert reply is not None
    assert reply.file.read_bytes() == b"first"
    assert (reply.time_ns, reply.sha256) == (100 * SECOND, hashlib.sha256(b"first").hexdigest())


def test_a_reply_that_is_too_old_or_unknown_is_not_found(folder):
    raw = RawFolder(folder)
    assert raw.find("http://x/a", 100 * SECOND) is not None
    assert raw.find("http://x/a", 101 * SECOND) is None
    assert raw.find("http://x/c", 0) is None


@pytest.mark.parametrize("damage", [lambda f: f.unlink(), lambda f: f.write_bytes(b"other")])
def test_a_file_that_is_gone_or_changed_is_as_if_it_had_never_come(folder, damage):
    damage(folder / "a.json")
    raw = RawFolder(folder)
    assert raw.find("http://x/a", 0) is None
    assert raw.find("http://x/b", 0) is not None


def test_a_later_reply_takes_the_place_of_a_former_one(folder):
    RawFolder(folder).keep("a.json", "http://x/a", 300 * SECOND, 200, b"third")
    reply = RawFolder(folder).find("http://x/a", 250 * SECOND)
    assert reply is not None
    assert reply.file.read_bytes() == b"third"


def test_a_line_that_was_cut_off_is_left_and_the_next_one_is_whole(folder):
    lines = folder / LINES
    lines.write_bytes(lines.read_bytes()[:-20])
    raw = RawFolder(folder)
    assert raw.find("http://x/b", 0) is None
    raw.keep("c.json", "http://x/c", 300 * SECOND, 200, b"third")
    assert RawFolder(folder).find("http://x/c", 0) is not None
    assert json.loads(lines.read_text().splitlines()[-1])["file"] == "c.json"


def test_no_line_leads_out_of_the_folder(folder, tmp_path):
    (tmp_path / "secret").write_bytes(b"x")
    line = {"time": "2024-01-01T00:00:00Z", "address": "http://x/s", "status": 200}
    line |= {"sha256": hashlib.sha256(b"x").hexdigest(), "file": "../secret"}
    with (folder / LINES).open("a") as lines:
        lines.write(json.dumps(line) + "\n")
    assert RawFolder(folder).find("http://x/s", 0) is None


def test_symbols_with_signs_have_files():
    assert file_begin("BTC/USD") == "BTC%2FUSD"
