from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError, DataError
from pipeline.market.importers.encoding import (
    Encoding,
    TextStream,
    find_encoding,
    named_encoding,
)

HEADER = "Datum;Eröffnung;Hoch;Tief;Schluss\n"
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"]
LETTERS = st.text("0123456789;,.\n äöüß€"[:-1], max_size=60)


def streamed(data: bytes, cuts: list[int], encoding: Encoding | None = None) -> bytes:
    stream = TextStream(encoding or find_encoding(data), "f.csv")
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    blocks = [data[begin:end] for begin, end in itertools.pairwise(edges)]
    return b"".join([*(stream.feed(block) for block in blocks), stream.feed(b"", last=True)])


@given(
    text=LETTERS,
    name=st.sampled_from(ENCODINGS),
    cuts=st.lists(st.integers(0, 300), max_size=6),
)
def test_a_text_in_any_encoding_is_the_same_text(text: str, name: str, cuts: list[int]) -> None:
    data = (HEADER + text).encode(name)
    assert streamed(data, cuts).decode() == HEADER + text


@given(
    text=st.text(max_size=40).map(lambda text: text.replace("\0", "")),
    name=st.sampled_from(["utf-8", "utf-16-le", "utf-16-be", "gb18030"]),
    cuts=st.lists(st.integers(0, 120), max_size=6),
)
def test_a_text_in_an_encoding_that_is_named_is_the_same_text(
    text: str, name: str, cuts: list[int]
) -> None:
    encoding = Encoding(named_encoding(name), 0, "option")
    expected = text.replace("\r\n", "\n").replace("\r", "\n")
    got = streamed(text.encode(name), cuts, encoding).decode()
    assert got.replace("\r\n", "\n") == expected


@given(lines=st.lists(st.text("ab1;", max_size=5), max_size=12), cuts=st.lists(st.integers(0, 60)))
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_in_any_way(lines: list[str], cuts: list[int], end: str) -> None:
    data = end.join(lines).encode()
    assert (
        streamed(data, cuts, find_encoding(b"a")).splitlines()
        == "\n".join(lines).encode().splitlines()
    )


@pytest.mark.parametrize(
    ("data", "name", "mark", "ground"),
    [
        (b"a,b\n1,2\n", "utf-8", 0, "rows"),
        (HEADER.encode(), "utf-8", 0, "rows"),
        (HEADER.encode()[:8], "utf-8", 0, "rows"),
        (HEADER.encode("utf-8-sig"), "utf-8", 3, "file"),
        (b"\xff\xfe" + HEADER.encode("utf-16-le"), "utf-16-le", 2, "file"),
        (b"\xfe\xff" + HEADER.encode("utf-16-be"), "utf-16-be", 2, "file"),
        (HEADER.encode("utf-16-le"), "utf-16-le", 0, "rows"),
        (HEADER.encode("utf-16-be"), "utf-16-be", 0, "rows"),
        (HEADER.encode("latin-1"), "cp1252", 0, "guess"),
        (HEADER.encode("latin-1") + b"\x81", "iso8859-1", 0, "guess"),
        (b"", "utf-8", 0, "rows"),
    ],
)
def test_the_first_bytes_show_the_encoding(data: bytes, name: str, mark: int, ground: str) -> None:
    assert find_encoding(data) == Encoding(name, mark, ground)  # type: ignore[arg-type]


def test_a_guess_names_the_option() -> None:
    fact = find_encoding(HEADER.encode("latin-1")).fact()
    assert fact.words() == "Windows-1252 (a guess: --encoding says otherwise)"


@pytest.mark.parametrize(
    ("option", "data", "name", "mark"),
    [
        ("latin-1", b"a", "iso8859-1", 0),
        ("Windows-1252", b"a", "cp1252", 0),
        ("utf-16", b"a\0", "utf-16-le", 0),
        ("utf-16", b"\xfe\xff\0a", "utf-16-be", 2),
        ("utf-8", b"\xef\xbb\xbfa", "utf-8", 3),
        ("utf-8-sig", b"a", "utf-8", 0),
    ],
)
def test_the_word_of_the_user_goes_first(option: str, data: bytes, name: str, mark: int) -> None:
    assert find_encoding(data, option) == Encoding(name, mark, "option")


@pytest.mark.parametrize("name", ["uft-8", "hex", "latin-99", "", "a\0b"])
def test_a_name_of_no_encoding_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="--encoding must be a name such as utf-8"):
        named_encoding(name)


def test_a_mark_of_another_encoding_is_refused() -> None:
    with pytest.raises(DataError, match="begins with the mark of UTF-8, and --encoding says latin"):
        find_encoding(HEADER.encode("utf-8-sig"), "latin-1")


@pytest.mark.parametrize("cuts", [[], [1], [3], [5], [7], [1, 2, 3, 4, 5, 6, 7, 8]])
@pytest.mark.parametrize(
    ("data", "encoding", "words"),
    [
        (
            b"a\nb\n\nc\xff;\n",
            "utf-8",
            "line 4: the bytes FF are not UTF-8; .*--encoding windows-1252",
        ),
        (b"a\r\nb\r\n\r\nc\xff", "utf-8", "line 4: the bytes FF are not UTF-8"),
        (b"a\rb\r\rc\xff", "utf-8", "line 4: the bytes FF are not UTF-8"),
        (b"a\nb\xc3", "utf-8", "line 2: the bytes C3 are not UTF-8"),
        (b"a\nb\x81", "cp1252", "line 2: the bytes 81 are not Windows-1252; .*--encoding latin-1"),
        (b"a\0\n\0\0\xdcb\0", "utf-16-le", "line 2: the bytes .* are not UTF-16"),
        (b"a\n\nb\0", "utf-8", r"line 3: there is a byte of zero \(NUL\)"),
        (b"a\0\r\0b\0\0\0", "utf-16-le", r"line 2: there is a byte of zero \(NUL\)"),
    ],
)
def test_a_byte_that_is_not_of_the_encoding_is_refused_by_its_line(
    data: bytes, encoding: str, words: str, cuts: list[int]
) -> None:
    with pytest.raises(DataError, match=rf"f\.csv, {words}"):
        streamed(data, cuts, Encoding(encoding, 0, "rows"))


@given(data=st.binary(max_size=60), cuts=st.lists(st.integers(0, 60), max_size=4))
def test_any_bytes_are_text_or_refused(data: bytes, cuts: list[int]) -> None:
    refused = None
    try:
        streamed(data, cuts).decode()
    except DataError as error:
        refused = str(error)
    assert refused is None or "f.csv, line " in refused


@pytest.mark.parametrize("name", ["base64", "base64_codex", "rot13", "bz2", "zlib_codec"])
def test_only_encodings_of_text_are_proposed(name: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        named_encoding(name)
    assert "did you mean" not in str(refusal.value) or "codec" not in str(refusal.value)
