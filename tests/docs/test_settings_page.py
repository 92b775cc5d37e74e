"""The page of settings says what the schema says."""

from tests.docs.settings_page import PAGE, page_with_settings


def test_the_page_of_settings_is_what_the_schema_gives():
    page = PAGE.read_text(encoding="utf-8")
    assert page == page_with_settings(page), "run: python -m tests.docs.settings_page"


def test_the_page_names_a_setting_of_every_depth():
    """So that the comparison above is not one of two empty pages."""
    page = PAGE.read_text(encoding="utf-8")
    for heading in ("backtest_config", "sweep.space.NAME", "execution.commission_tiers[]"):
        assert f"\n### {heading}\n" in page
    assert page.count("\n| `") > 80
