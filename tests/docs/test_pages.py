"""What the pages point at is there: links, headings, files and modules; and README stays short."""

import re
from pathlib import Path
from typing import Any

import pytest

from pipeline import SessionConfig
from tests.docs.pages import ROOT, anchors, blocks, links, name_of, pages, quoted
from tests.docs.source_names import is_in_a_module

LONGEST_README = 350
_SETTINGS = SessionConfig.json_schema()
_FILES = [
    path.relative_to(ROOT).as_posix()
    for top in ("pipeline", "shm", "tests", "bench", "config", ".github", ".ci")
    for path in (ROOT / top).rglob("*")
]


def _read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def test_the_readme_is_short():
    assert len(_read(ROOT / "README.md").splitlines()) <= LONGEST_README


def test_every_room_that_others_use_has_a_page():
    names = {name_of(page) for page in pages()}
    rooms = ("", "config/", "pipeline/", "pipeline/cli/", "pipeline/execution/", "pipeline/market/")
    more = ("pipeline/results/", "pipeline/strategy/", "pipeline/sweeps/", "shm/")
    assert {f"{room}README.md" for room in (*rooms, *more)} <= names


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading(page: Path):
    wrong = []
    for target in links(_read(page)):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or not file.is_relative_to(ROOT):
            wrong.append(f"{target}: no such file")
        elif anchor and anchor not in anchors(_read(file)):
            wrong.append(f"{target}: no such heading")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_file_and_module_that_a_page_names_is_there(page: Path):
    own = {block.file for block in blocks(_read(page))}
    wrong = [
        name
        for name in quoted(_read(page))
        if not (name in own or _is_there(name.partition(":")[0].partition(" ")[0]))
    ]
    assert not wrong, "\n".join(wrong)


def _is_there(name: str) -> bool:
    """Whether a name is none of ours, or that of a file, a folder, a module or a setting."""
    if re.fullmatch(r"(pipeline|shm|tests|bench|config|\.github|\.ci)/[\w/.-]*", name):
        return (ROOT / name).exists()
    if re.fullmatch(r"[\w/]+\.py", name) and "/" in name and not name.startswith("path/"):
        return any(f"/{file}".endswith(f"/{name}") for file in _FILES)
    if re.fullmatch(r"(pipeline|shm|tests)(\.\w+)+", name):
        return _is_setting(name) or is_in_a_module(name)
    return True


def _is_setting(name: str) -> bool:
    section, _, setting = name.partition(".")
    held: dict[str, Any] = _SETTINGS["properties"].get(section, {})
    return setting in _SETTINGS["$defs"].get(held.get("$ref", "").rpartition("/")[2], {}).get(
        "properties", ()
    )


def test_the_workflows_name_no_host():
    """Packages come from where pip is told to look, and actions are known by their names."""
    workflows = list((ROOT / ".github" / "workflows").iterdir())
    assert len(workflows) >= 2
    assert not [one.name for one in workflows if "://" in _read(one) or "index-url" in _read(one)]


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("pipeline/tape/slot.py", True),
        ("pipeline/tape/nothing.py", False),
        ("tape/slot.py", True),
        ("tape/nothing.py", False),
        ("pipeline.tape.slot.Slot", True),
        ("pipeline.tape.slot.Nothing", False),
        ("pipeline.nothing", False),
        ("pipeline.slot_rows", True),
        ("mine.py", True),
    ],
)
def test_a_name_of_nothing_is_found_out(name, there):
    assert _is_there(name) == there


def test_headings_become_anchors_as_on_github():
    page = "# Ticks, lots\n## `on_bar`\n## A [link](x.md)\n## Twice\n## Twice\n```sh\n# no\n```\n"
    assert anchors(page) == {"ticks-lots", "on_bar", "a-link", "twice", "twice-1"}
