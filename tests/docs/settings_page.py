"""The page of settings: the second half of config/README.md, made from the JSON schema.

    python -m tests.docs.settings_page

writes it anew. What stands above the mark is written by hand and stays.
"""

from pathlib import Path

from pipeline import SessionConfig
from pipeline.config.listing import Schema, Setting, sections_of

PAGE = Path(__file__).parents[2] / "config" / "README.md"
MARK = "<!-- From here on the page is made by: python -m tests.docs.settings_page -->\n"
INTRODUCTION = """\
## Every setting

A setting's path is the name of its section, a dot and its own name: `backtest_config.start_date`.
Settings that are required must be given, and all others may be left out. A name that is not on this
page is refused.
"""


def page_with_settings(page: str) -> str:
    """Return the page with its second half made anew; ValueError if it has no mark."""
    head, mark, _ = page.partition(MARK)
    if not mark:
        raise ValueError(f"{PAGE} has no line {MARK!r}")
    return head + MARK + "\n" + settings_of(SessionConfig.json_schema())


def settings_of(schema: Schema) -> str:
    """Return a heading and a table for each section of the schema."""
    parts = [INTRODUCTION]
    for section in sections_of(schema):
        parts.append(f"### {section.path or 'The file itself'}\n")
        if section.path and section.meaning:
            parts.append(section.meaning + "\n")
        parts += ["| setting | value | default | what it says |", "| --- | --- | --- | --- |"]
        parts += [_row(setting) for setting in section.settings]
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def _row(setting: Setting) -> str:
    cells = (f"`{setting.name}`", setting.values, setting.default, setting.meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    PAGE.write_text(page_with_settings(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
