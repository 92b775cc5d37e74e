"""The page of what hooks are given says what the classes say, and names all that there is."""

import re

import pytest

from pipeline.strategy.names import NAMES
from tests.docs.reference_page import PAGE, reference


def test_the_page_is_what_the_classes_give():
    assert PAGE.read_text(encoding="utf-8") == reference(), (
        "run: python -m tests.docs.reference_page"
    )


@pytest.mark.parametrize("what", NAMES)
def test_the_page_has_every_name_that_a_wrong_one_is_answered_with(what: str):
    page = PAGE.read_text(encoding="utf-8")
    sections = re.findall(
        rf"^## {re.escape(what)}(?::.*?)?\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL
    )
    named = re.findall(r"^\| `(\w+)", "".join(sections), re.MULTILINE)
    assert sorted(named) == sorted(NAMES[what])
