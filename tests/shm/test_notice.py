import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shm.errors import Closed, SegmentMissing
from shm.names import new_run_id
from shm.notice import TEXT_BYTES, NoticePage


@pytest.fixture
def page() -> Iterator[NoticePage]:
    with NoticePage.create(new_run_id()) as made:
        yield made


def test_a_new_page_is_empty(page: NoticePage):
    assert page.read() == ("", True)


@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_the_last_text_is_read(texts: list[str]):
    with NoticePage.create(new_run_id()) as page:
        for text in texts:
            page.write(text)
        assert page.read() == (texts[-1], True)


def test_another_process_reads_it(page: NoticePage):
    page.write("as of now")
    script = f"from shm.notice import NoticePage; print(NoticePage.attach({page.name!r}).read())"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "('as of now', True)\n"


def test_a_text_that_is_too_long_is_refused_and_the_one_before_stays(page: NoticePage):
    page.write("short")
    with pytest.raises(ValueError, match=r"at most 65,536 bytes, has 65,537"):
        page.write("x" * (TEXT_BYTES + 1))
    assert page.read() == ("short", True)


def test_a_reader_never_sees_half_of_a_change(page: NoticePage):
    """A writer that never stops: every text that is read whole is one that was written."""
    script = textwrap.dedent(
        f"""
        from shm.notice import NoticePage
        page = NoticePage.attach({page.name!r})
        print("began", flush=True)
        while True:
            for letter in "ab":
                page.write(letter * 5000)
        """
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as writer:
        try:
            assert writer.stdout is not None
            writer.stdout.readline()
            seen: set[str] = set()
            while len(seen) < 2:
                text, whole = page.read()
                if whole and text:
                    assert len(set(text)) == 1
                    assert len(text) == 5000
                    seen.add(text[0])
        finally:
            writer.kill()


def test_a_writer_that_was_killed_in_a_change_leaves_what_is_not_whole(page: NoticePage):
    script = textwrap.dedent(
        f"""
        from shm.notice import NoticePage
        from shm.seqlock import SeqLock
        page = NoticePage.attach({page.name!r})
        with SeqLock(page._words.data):
            print("within", flush=True)
            input()
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stdin=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        os.kill(writer.pid, signal.SIGKILL)
    assert page.read()[1] is False


def test_a_closed_page_is_gone(page: NoticePage):
    name = page.name
    page.close()
    page.close()
    with pytest.raises(Closed):
        page.read()
    with pytest.raises(SegmentMissing):
        NoticePage.attach(name)
