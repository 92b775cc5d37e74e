"""Which texts are addresses of catalogs, and which are paths."""

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.native.address import Address, address_of, as_text, is_address


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("s3://bucket", Address("s3", "bucket", "")),
        ("s3://bucket/a/b/", Address("s3", "bucket", "a/b")),
        ("gs://bucket/a", Address("gs", "bucket", "a")),
        ("file:///a/b%20c", Path("/a/b c")),
        ("catalog/mine", Path("catalog/mine")),
        ("s3:/bucket", Path("s3:/bucket")),
        ("C://data", Path("C://data")),
        ("C:\\data", Path("C:\\data")),
        ("~/bars", Path("~/bars")),
    ],
)
def test_a_text_is_an_address_or_a_path(text: str, found: Address | Path):
    assert address_of(text) == found


@pytest.mark.parametrize("text", ["http://host/a", "az://a/b", "S3://a", "s3://", "s3:///a"])
def test_what_is_neither_is_refused_with_what_works(text: str):
    with pytest.raises(ConfigError, match=r"expected .*s3://bucket/prefix"):
        address_of(text)


def test_a_host_in_an_address_of_a_folder_is_refused():
    with pytest.raises(ConfigError, match="three slashes"):
        address_of("file://host/a")


@pytest.mark.parametrize("text", ["s3://bucket/a", "gs://bucket", "file:///a/b"])
def test_an_address_that_went_through_a_path_is_mended(text: str):
    assert as_text(PurePosixPath(text)) == text
    assert address_of(Path(text)) == address_of(text)


@given(st.from_regex(r"(s3|gs)://[a-z]{3,9}(/[a-z%~. ]{1,5}){0,3}", fullmatch=True))
def test_an_address_is_written_as_it_was_read(text: str):
    found = address_of(text)
    assert isinstance(found, Address)
    assert is_address(text)
    assert address_of(str(found)) == found
