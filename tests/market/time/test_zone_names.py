import pytest

from pipeline.market.time.zone_names import zones_like


@pytest.mark.parametrize(
    ("text", "zones"),
    [
        ("New York", ["America/New_York"]),
        ("new york", ["America/New_York"]),
        ("NY", ["America/New_York"]),
        ("America/NewYork", ["America/New_York"]),
        ("Amercia/New_York", ["America/New_York"]),
        ("London", ["Europe/London"]),
        ("Asia/Hong Kong", ["Asia/Hong_Kong"]),
        ("US/Eastrn", ["US/Eastern"]),
        ("europe/athens", ["Europe/Athens"]),
        ("", []),
        ("UTC+25", []),
        ("Nowhere/At_All", []),
    ],
)
def test_a_text_means_the_zones_whose_city_is_like_it(text: str, zones: list[str]):
    assert zones_like(text) == zones


def test_a_city_with_several_zones_names_them_all():
    assert zones_like("Louisville") == ["America/Kentucky/Louisville", "America/Louisville"]
