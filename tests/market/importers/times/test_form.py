import pytest

from pipeline.market.importers.times.form import plan_of


@pytest.mark.parametrize(
    ("template", "family", "timed", "zoned"),
    [
        ("0000-00-00", "year first", False, False),
        ("0000-00-00T00:00:00.000Z", "year first", True, True),
        ("00000000 000000", "compact", True, False),
        ("00/00/0000 0:00 PM", "numbers", True, False),
        ("0 Jan 0000", "day named", False, False),
        ("January 0, 0000 00:00 America/New_York", "named day", True, True),
        ("0000-Jan-00", "year named", False, False),
    ],
)
def test_the_form_is_known_by_the_template(
    template: str, family: str, timed: bool, zoned: bool
) -> None:
    plan = plan_of(template)
    assert plan is not None
    assert (plan.form.family, plan.form.timed, plan.form.zoned) == (family, timed, zoned)


@pytest.mark.parametrize(
    "template",
    [
        "",
        "0",
        "0.0",
        "000000000",
        "Foo 0, 0000",
        "00:00",
        "0000-00.00",
        "Ticker",
        "0000",
        "Jan 0000",
        "00000000-0000",
        "0000-00-00-00:00",
    ],
)
def test_other_texts_are_no_times(template: str) -> None:
    assert plan_of(template) is None


def test_am_is_no_begin_of_america() -> None:
    plan = plan_of("00000000 00:00:00 America/New_York")
    assert plan is not None
    assert plan.afternoon is None
    assert plan.spans["z"] == (18, 34)
