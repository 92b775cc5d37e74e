"""The page of a stress in a real browser: complete, quiet, deaf to what texts would run."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.checks.stress.comparison import compare
from pipeline.checks.stress.report.report import write_page
from pipeline.checks.stress.result import StressResult
from tests.checks.stress import results as made
from tests.chromium import Page

HOSTILE = "</pre></script><script>hacked = 1</script><img src=x onerror='hacked = 2'>&amp;"
LOADED = "document.readyState"
SECTIONS = [
    *("recommended", "scaling", "closed", "stages", "open", "soak", "faults", "compared"),
    "machine",
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with Page(tmp_path_factory.mktemp("chromium")) as page:
        yield page


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Path of the page of a result of all phases, compared with an older one."""
    path = tmp_path_factory.mktemp("whole") / "stress.html"
    new = made.result(soak=made.soak(leak=60.0), faults=made.faults(["rt-1-2-ring"]))
    write_page(new, path, compare(made.result(closed=made.closed(1.4)), new))
    return path


@pytest.fixture
def page(browser: Page, whole: Path) -> Iterator[Page]:
    browser.resize(1280, 900)
    browser.prefer("light")
    browser.open(whole, LOADED)
    yield browser
    assert browser.messages == []


def opened(browser: Page, path: Path, result: StressResult) -> list[str]:
    """Return the sections of the page of a result."""
    write_page(result, path)
    browser.open(path, LOADED)
    assert browser.messages == []
    return sections(browser)


def sections(page: Page) -> list[str]:
    found: list[str] = page.evaluate("[...document.querySelectorAll('section')].map((s) => s.id)")
    return found


def texts(page: Page, selector: str) -> list[str]:
    found: list[str] = page.evaluate(
        f"[...document.querySelectorAll({selector!r})].map((one) => one.textContent)"
    )
    return found


def test_all_parts_are_there(page: Page):
    assert sections(page) == SECTIONS


def test_nothing_is_asked_of_any_network(page: Page, whole: Path):
    assert [url for url in page.requests if not url.startswith("data:")] == [whole.as_uri()]


def test_each_figure_has_axis_titles_a_sentence_and_a_table(page: Page):
    figures = page.evaluate(
        """[...document.querySelectorAll("figure")].map((figure) => ({
          titles: [...figure.querySelectorAll(".axis-title")].map((one) => one.textContent),
          said: figure.querySelector("figcaption").textContent,
          table: (figure.querySelector("table") || figure.closest("section")
            .querySelector(".figures + .wide table")) !== null,
          lines: [...figure.querySelectorAll(".area path.line")].every(
            (line) => /^M[\\d.]+ [\\d.]+L/.test(line.getAttribute("d"))),
        }))"""
    )
    assert [one["titles"] for one in figures] == [
        ["bars/s", "number of engines"],
        ["MiB", "number of processes"],
        ["ms", "bars/s offered"],
        ["MiB", "seconds"],
        ["files", "seconds"],
        ["ms", "seconds"],
    ]
    assert all(one["said"] and one["table"] and one["lines"] for one in figures)


def test_the_section_to_paste_is_the_recommended_setting(page: Page):
    (pasted,) = texts(page, "#recommended pre")
    assert json.loads(pasted) == {"pipeline": {"processors": 1, "engines": 8, "slots": 4}}
    (said,) = texts(page, "#recommended .note")
    assert "P 1, E 6, 4 slots" in said
    assert "beyond the noise" in said


def test_bars_of_stages_add_up_and_other_settings_are_folded(page: Page):
    sums = page.evaluate(
        """[...document.querySelectorAll("#stages .bar")].map((bar) =>
          [...bar.querySelectorAll("rect")].reduce(
            (sum, one) => sum + parseFloat(one.getAttribute("width")), 0))"""
    )
    assert len(sums) == 3 * len(made.closed().points)
    assert sums == pytest.approx([100.0] * len(sums))
    assert texts(page, "#stages summary") == ["7 other settings"]


def test_what_grows_and_what_was_left_behind_is_told(page: Page):
    assert texts(page, "#soak > .wide .no") == ["yes"]
    assert texts(page, "#faults tbody td:last-child") == ["nothing", "rt-1-2-ring"]


def test_changes_beyond_the_noise_come_first(page: Page):
    verdicts = texts(page, "#compared tbody td:last-child")
    assert verdicts == sorted(verdicts)
    assert set(verdicts) == {"beyond", "within"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_is_as_wide_as_the_screen_in_both_themes(page: Page, scheme: str, width: int):
    page.resize(width, 900)
    page.prefer(scheme)
    page.open(Path(page.requests[0].removeprefix("file://")), LOADED)
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    ("absent", "gone"),
    [
        (("closed",), {"recommended", "scaling", "closed", "stages"}),
        (("open", "knee"), {"open"}),
        (("soak",), {"soak"}),
        (("faults",), {"faults"}),
        (
            ("closed", "open", "knee", "soak", "faults"),
            set(SECTIONS) - {"machine"},
        ),
    ],
)
def test_a_phase_that_was_not_run_is_absent(
    browser: Page, tmp_path: Path, absent: tuple[str, ...], gone: set[str]
):
    result = made.result(**dict.fromkeys(absent))
    expected = [name for name in SECTIONS if name not in gone | {"compared"}]
    assert opened(browser, tmp_path / "stress.html", result) == expected


def test_a_result_with_little_in_it_is_drawn(browser: Page, tmp_path: Path):
    """One point, one rate tried twice, no law, no runner-up, and a machine that says little."""
    whole = made.closed()
    scaling = whole.scaling.model_copy(
        update={"workers": (1,), "rates": (1e6,)}
        | dict.fromkeys(("rate_of_one", "serial", "crosstalk", "peak", "error"))
    )
    alone = whole.recommendation.model_copy(
        update=dict.fromkeys(("runner_up", "runner_up_rate", "ratio", "beyond_noise"))
    )
    closed = whole.model_copy(
        update={"points": whole.points[:1], "scaling": scaling, "recommendation": alone}
    )
    unknown = ("shared_memory", "shared_memory_free", "steal", "load_before")
    machine = made.MACHINE.model_copy(update={**dict.fromkeys(unknown), "governor": ""})
    result = made.result(
        closed=closed,
        machine=machine,
        open=made.OpenLoop(points=(made.offered(1e3, 0.02), made.offered(1e3, 0.03))),
        knee=None,
        soak=made.soak(seconds=10),
        faults=(),
    )
    found = opened(browser, tmp_path / "stress.html", result)
    assert found == [name for name in SECTIONS if name != "compared"]
    assert texts(browser, "#open figure") == []
    assert "target" not in " ".join(texts(browser, "#open"))
    assert not any("law of scaling" in one for one in texts(browser, "#scaling .key"))


def test_texts_of_users_are_never_run(browser: Page, tmp_path: Path):
    hostile = {"name": HOSTILE, "strategy": HOSTILE}
    whole = made.closed()
    closed = whole.model_copy(
        update={
            "points": tuple(one.model_copy(update={"verdict": HOSTILE}) for one in whole.points),
            "scaling": whole.scaling.model_copy(update={"said": HOSTILE, "worker": HOSTILE}),
        }
    )
    fault = made.faults([HOSTILE])[1].model_copy(update={"role": HOSTILE, "said": HOSTILE})
    result = made.result(
        machine=made.MACHINE.model_copy(update={"model": HOSTILE, "limited_by": HOSTILE}),
        workload=made.WORKLOAD.model_copy(update=hostile),
        closed=closed,
        faults=(fault,),
        notes=(HOSTILE,),
    )
    path = tmp_path / "stress.html"
    write_page(result, path, compare(made.result(), result))
    browser.open(path, LOADED)
    assert browser.messages == []
    assert browser.evaluate("typeof hacked") == "undefined"
    assert browser.evaluate("document.images.length") == 0
    assert texts(browser, "h1") == [f"Stress of {HOSTILE}"]
