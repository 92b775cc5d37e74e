"""`ringtape report`, and the page that `ringtape run` writes."""

import json
import webbrowser
from pathlib import Path

import pytest

from pipeline.config.examples import example_path

FEW = (
    *("--set", "backtest_config.start_date=2024-12-02"),
    *("--set", 'session_data_config={"symbols": ["ALFA"], "streams": ["1m"]}'),
)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that a browser is asked to open; it opens none called twice."""
    found: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: found.append(url) or found.count(url) == 1)
    return found


def test_the_page_of_a_run_is_written_and_opened(
    called, sample: Path, opened: list[str], tmp_path: Path
):
    config = (str(example_path("demo.json")), "--set", f'catalog="{sample}"', *FEW)
    plain = called("run", *config)
    assert (plain.code, list(tmp_path.glob("runs/*/report.html"))) == (0, [])
    ended = called("run", *config, "--out", "other", "--open")
    (page,) = tmp_path.glob("other/*/report.html")
    assert ended.out.splitlines()[-1] == f"report          {page.relative_to(tmp_path)}"
    assert opened == [page.as_uri()]

    written = called("report", "latest", "--out", "page.html", "--json")
    document = json.loads(written.out)
    assert document == {
        "path": "page.html",
        "size": Path("page.html").stat().st_size,
        "interval": "1m",
        "bars": 780,
    }
    again = called("report", "latest", "--runs", "other", "--open")
    assert again.out == ended.out.splitlines()[-1] + "\n"
    assert again.code == 1
    assert again.err == (
        f"ringtape: error: no browser was found to open {page.relative_to(tmp_path)}; open it in "
        "one yourself\n"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("report", "latest"), "there is no run in runs"),
        (("run", "x.json", "--open", "--no-report"), "--open and --no-report exclude each other"),
    ],
)
def test_what_cannot_be_is_refused(called, options: tuple[str, ...], said: str):
    ended = called(*options)
    assert ended.code == 2
    assert said in ended.err
