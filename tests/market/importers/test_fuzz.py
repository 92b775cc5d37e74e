"""A series in any form, damaged in any way that can be seen, comes back as it was or is refused."""

from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.market.catalog.bar_columns import BarColumns
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.importers import import_bars
from pipeline.market.importers.times.clock import Clock

MINUTE = 60 * 10**9

FORMS = {
    "iso": "%Y-%m-%d %H:%M:%S",
    "iso T": "%Y-%m-%dT%H:%M",
    "slashes": "%Y/%m/%d %H:%M:%S",
    "compact": "%Y%m%d %H%M%S",
    "german": "%d.%m.%Y %H:%M",
    "american": "%m/%d/%Y %I:%M %p",
    "words": "%b %d, %Y %H:%M",
}
ZONES = ("UTC", "America/New_York", "Europe/Berlin", "EST", "Asia/Kolkata")
DAMAGES = ("twice", "cut", "word", "cell", "order", "blank")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "latin-1")


@st.composite
def series(draw):
    """A series of minutes on one day; no price is near to a hundred times another."""
    rows = draw(st.integers(3, 8))
    day = draw(st.integers(18_000, 20_000))
    ts = day * 24 * 60 * MINUTE + draw(st.integers(12 * 60, 20 * 60)) * MINUTE
    base = np.array(draw(st.lists(st.integers(5_000, 90_000), min_size=rows, max_size=rows)))
    columns = (base + 20, base + 50, base, base + 30)
    volume = np.array(draw(st.lists(st.integers(0, 10**6), min_size=rows, max_size=rows)), float)
    return BarColumns(ts + np.arange(rows) * MINUTE, (*(c / 100 for c in columns), volume))


@st.composite
def written(draw, bars):
    """The lines of a file with a series in some form, and the options that say what it does not."""
    zone = draw(
        st.sampled_from(["UTC", "America/New_York", "Europe/Berlin", "EST", "Asia/Kolkata"])
    )
    form = draw(st.sampled_from(sorted(FORMS)))
    delimiter = draw(st.sampled_from([",", ";", "\t", "|"]))
    comma = delimiter != "," and draw(st.booleans())
    close = draw(st.booleans())
    names = draw(st.permutations(["time", "open", "high", "low", "close", "volume", "note"]))
    wall = Clock.parse(zone).to_wall(bars.ts) + (MINUTE if close else 0)

    def number(value: float) -> str:
        text = f"{value:.2f}"
        return text.replace(".", ",") if comma else text

    rows = []
    for row, ns in enumerate(wall):
        moment = np.datetime64(int(ns), "ns").astype("datetime64[us]").item()
        cells = dict(zip(("open", "high", "low", "close"), bars.values, strict=False))
        text = {name: number(column[row]) for name, column in cells.items()}
        text |= {"time": moment.strftime(FORMS[form]), "volume": f"{bars.values[4][row]:.0f}"}
        text["note"] = "x"
        rows.append([f'"{text[n]}"' if delimiter in text[n] else text[n] for n in names])
    if draw(st.booleans()):
        rows.reverse()
    lines = [delimiter.join(names), *(delimiter.join(row) for row in rows)]
    options = {"tz": zone, "stamped": "close" if close else "open", "interval": "1m"}
    if form in ("german", "american"):
        options["date_order"] = {"german": "dmy", "american": "mdy"}[form]
    if comma:
        options["decimal"] = "comma"
    return lines, options


def damaged(data, lines: list[str]) -> list[str]:
    """The lines with a damage that can be seen in them."""
    at = data.draw(st.integers(1, len(lines) - 1), label="line")
    line = lines[at]
    how = data.draw(
        st.sampled_from(["twice", "cut", "word", "cell", "order", "blank"]), label="how"
    )
    if how == "twice":
        return [*lines[:at], line, *lines[at:]]
    if how == "cut":
        return [*lines[:at], line[: len(line) // 3], *lines[at + 1 :]]
    if how == "word":
        return [*lines[:at], "Total", *lines[at:]]
    if how == "cell":
        delimiter = next(sign for sign in lines[0] if not sign.isalpha())
        return [*lines[:at], f"{line}{delimiter}1", *lines[at + 1 :]]
    if how == "blank":
        return [*lines[:at], "", *lines[at:]]
    return [*lines[:at], *lines[at + 1 :], line]


def refused(path: Path, catalog: Catalog, options: dict[str, str]) -> str | None:
    """The words with which an import is refused; None if it is not."""
    try:
        import_bars(path, catalog, **options)
    except DataError as error:
        return str(error)
    return None


@settings(max_examples=40)
@given(bars=series(), data=st.data())
def test_a_series_in_any_form_comes_back_as_it_was(tmp_path_factory, bars, data):
    folder: Path = tmp_path_factory.mktemp("fuzz")
    lines, options = data.draw(written(bars))
    encoding = data.draw(st.sampled_from(ENCODINGS))
    end = data.draw(st.sampled_from(["\n", "\r\n"]))
    (folder / "A.csv").write_bytes((end.join(lines) + end).encode(encoding))
    catalog = Catalog(folder / "c")
    import_bars(folder / "A.csv", catalog, **options)
    assert catalog.entry("A", "1m").sha256 == bars.content_hash()
    (folder / "B.csv").write_text("\n".join(damaged(data, lines)) + "\n")
    refusal = refused(folder / "B.csv", catalog, options)
    if refusal is None:
        assert catalog.entry("B", "1m").sha256 == bars.content_hash()
    else:
        assert "B.csv" in refusal
        assert "\n" not in refusal
