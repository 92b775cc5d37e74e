"""The pages of the repository: where they are, what their headings, links and blocks are."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: Folders in which a tool or a user keeps pages that are not ours, and forms that are no pages.
_NOT_OURS = {"runs", "catalog", "build", "dist", "ISSUE_TEMPLATE", "node_modules"}
_FENCE = re.compile(r"^```(\w*)[ ]?(.*)\n((?:.*\n)*?)^```$", re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_NO_RUN = "no-run"


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the rest of its first line, its text and where that begins.

    ``line`` counts the page's lines from 1 and is that of the block's first line of text.
    """

    language: str
    info: str
    text: str
    line: int

    @property
    def file(self) -> str | None:
        """The file that the reader saves the block as, if its first line names one."""
        return self.info if re.fullmatch(r"[\w/.-]+\.\w+", self.info) else None

    @property
    def runs(self) -> bool:
        """Whether the block can be run: it can unless it says that it cannot."""
        return not self.info.startswith(_NO_RUN)

    @property
    def reason(self) -> str:
        """Why the block cannot be run: what its first line says after ``no-run:``."""
        return self.info.removeprefix(_NO_RUN).removeprefix(":").strip()


@cache
def pages() -> list[Path]:
    """Return every page of the repository, the first one first."""
    found = []
    for path in ROOT.rglob("*.md"):
        folders = path.relative_to(ROOT).parts[:-1]
        hidden = any(name.startswith(".") and name != ".github" for name in folders)
        if not hidden and _NOT_OURS.isdisjoint(folders):
            found.append(path)
    return sorted(found, key=lambda path: (len(path.parts), path))


def name_of(page: Path) -> str:
    """Return a page's path as a reader of the repository writes it."""
    return page.relative_to(ROOT).as_posix()


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a page in order."""
    return [
        Block(match[1], match[2].strip(), match[3], text.count("\n", 0, match.start()) + 2)
        for match in _FENCE.finditer(text)
    ]


def prose(text: str) -> str:
    """Return a page without its fenced blocks."""
    return _FENCE.sub("", text)


def anchors(text: str) -> set[str]:
    """Return what a link can name of a page, as GitHub makes it of the headings."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in re.findall(r"^#+ (.*)$", prose(text), re.MULTILINE):
        plain = _LINK.sub(lambda match: match[0].partition("]")[0], heading)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).strip().replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def links(text: str) -> Iterator[str]:
    """Give the targets of a page's links and pictures that are within the repository."""
    for target in _LINK.findall(prose(text)):
        if not re.match(r"[a-z]+:", target):
            yield target


def quoted(text: str) -> Iterator[str]:
    """Give what a page sets in back-quotes outside its blocks."""
    yield from re.findall(r"`([^`\n]+)`", prose(text))
