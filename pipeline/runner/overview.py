"""Makes the page of all runs in a folder: gathers runs and sweeps, their curves and settings."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import numpy.typing as npt

from pipeline.codes import DAY_NS
from pipeline.errors import RunError
from pipeline.native.whole_file import write_whole
from pipeline.results.folder import STAMP, RunFolder
from pipeline.results.report.figures import count, first_of, known, many, six_digits
from pipeline.results.report.html.overview.content import Entry, Figure, Overview, Setting
from pipeline.results.report.html.overview.document import page_of
from pipeline.results.tables import writing
from pipeline.runner.differing import ABSENT, differing, with_defaults
from pipeline.runner.figures import FIGURES
from pipeline.runner.run_folders import RunEntry, SweepEntry, list_runs, list_sweeps

Seconds = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

#: The page has so many runs and sweeps at most.
MOST_ENTRIES = 2_000
#: All curves of a page have so many points together, and each one so many.
_ALL_POINTS, _FEWEST_POINTS, _MOST_POINTS = 120_000, 40, 240
#: The curve of a run of fewer sessions is of base bars.
_FEW_SESSIONS = 20
_MOST_SETTINGS = 300
_LONGEST_VALUE = 120
_HASH_SHOWN = 12
_SECOND_NS = 1_000_000_000
_TABLED = (
    *("total_return", "annual_return", "sharpe_ratio", "max_drawdown", "round_trips", "win_rate"),
)
_COMPARED = (
    *("final_equity", "volatility", "sortino_ratio", "profit_factor", "orders", "fills"),
    *("commission", "exposure", "digest"),
)


@dataclass(frozen=True, slots=True)
class OverviewMade:
    """A page that was written."""

    path: Path
    runs: int
    """The runs on it."""
    sweeps: int
    """The sweeps on it."""
    left_out: int
    """The older runs and sweeps that are not on it."""
    size: int
    """Its bytes."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A run or a sweep of the page, and the run folder that its curve and its settings are of."""

    entry: RunEntry | SweepEntry
    run: RunFolder | None
    """None of a sweep whose best set was not run again."""
    config: dict[str, Any]
    summary: Mapping[str, Any]
    lane: Mapping[str, Any]


def write_overview(out: Path, path: Path | None = None) -> OverviewMade:
    """Write the page of the runs and sweeps below ``out``, by default as its index.html.

    RunError if the page cannot be written. What cannot be read of a run is left out and told.
    """
    target = out / "index.html" if path is None else path
    overview, left_out = gather(out, target.parent)
    page = page_of(overview)
    with writing(target, len(page)):
        write_whole(target, page)
    sweeps = sum(one.strategy.startswith(_SWEEP) for one in overview.entries)
    return OverviewMade(target, len(overview.entries) - sweeps, sweeps, left_out, len(page))


def gather(out: Path, base: Path) -> tuple[Overview, int]:
    """Return what the page of a folder shows, and how many runs and sweeps it leaves out.

    ``base`` is the folder of the page, from which its links lead.
    """
    runs, sweeps = list_runs(out), list_sweeps(out)
    both: list[RunEntry | SweepEntry] = [*runs, *sweeps]
    found = sorted(both, key=lambda one: (one.made, one.path.name), reverse=True)
    sources = [_source(one) for one in found[:MOST_ENTRIES]]
    points = min(_MOST_POINTS, max(_FEWEST_POINTS, _ALL_POINTS // max(1, len(sources))))
    figures = [_figure(name) for name in (*_TABLED, *_COMPARED)]
    unread: list[str] = []
    entries = [_entry(one, figures, base, points, unread) for one in sources]
    settings, more = _settings(sources)
    left_out = len(found) - len(sources)
    notes = list(_notes(entries, unread, left_out, more))
    name = out.absolute().name or out.absolute().as_posix()
    told = f"{many(len(runs), 'run')} and {many(len(sweeps), 'sweep')} in {name}"
    return Overview("All runs", told, notes, figures, entries, settings), left_out


def _notes(entries: Sequence[Entry], unread: Sequence[str], left_out: int, more: int) -> list[str]:
    told = []
    if left_out:
        told.append(
            f"The page has the newest {count(len(entries))}; {many(left_out, 'older run')} and"
            " sweeps are left out. Keep them in folders of their own to see them."
        )
    if unread:
        told.append(f"The equity cannot be read of {many(len(unread), 'run')}: {first_of(unread)}.")
    if more:
        told.append(f"{many(more, 'more setting')} differ between runs than the page has.")
    if any(not one.links for one in entries):
        told.append("ringtape report RUN writes the page of a run that has none yet.")
    if any(one.strategy.startswith(_SWEEP) for one in entries):
        told.append("Of a sweep these are figures, equity and settings of its best set.")
    return told


#: How the text of a sweep's strategy begins.
_SWEEP = "Sweep of "


def _figure(name: str) -> Figure:
    kind = "text" if name == "digest" else FIGURES.get(name, "money")
    return Figure(name, kind, name in _TABLED)


def _source(entry: RunEntry | SweepEntry) -> _Source:
    folder: RunFolder | None = RunFolder(entry.path)
    if isinstance(entry, SweepEntry):
        folder = None if entry.best is None else RunFolder(entry.best)
    config, summary = ({}, {}) if folder is None else (_read(folder, "config"), _read(folder, ""))
    lanes = summary.get("lanes")
    lane = lanes[0] if isinstance(lanes, list) and lanes and entry.state == "done" else {}
    if isinstance(entry, SweepEntry) and not lane and known(entry.score):
        lane = {entry.score_name.removeprefix("-"): entry.score}
    return _Source(entry, folder, config, summary, lane)


def _read(folder: RunFolder, part: str) -> dict[str, Any]:
    try:
        return folder.config if part == "config" else folder.summary
    except RunError:
        return {}


def _entry(
    source: _Source, figures: Sequence[Figure], base: Path, points: int, unread: list[str]
) -> Entry:
    one = source.entry
    seconds, growth = np.empty(0, np.int64), np.empty(0)
    if source.run is not None and source.lane:
        try:
            seconds, growth = _curve(source.run, source.config, points)
        except (RunError, KeyError):
            unread.append(one.path.name)
    stamp = STAMP.search(one.path.name)
    return Entry(
        name=one.path.name,
        session=STAMP.sub("", one.path.name),
        made=_moment(stamp[1]) if stamp else "",
        strategy=one.strategy if isinstance(one, RunEntry) else _sets(one),
        first=one.first,
        last=one.last,
        state=one.state if one.state == "done" else f"{one.state}: {one.reason}",
        links=list(_links(one, base)),
        figures=[source.lane.get(figure.name) for figure in figures],
        seconds=seconds,
        growth=growth,
    )


def _sets(entry: SweepEntry) -> str:
    given = ", ".join(
        f"{name}={six_digits(value) if isinstance(value, float) else value}"
        for name, value in entry.parameters.items()
    )
    return f"{_SWEEP}{many(entry.sets, 'set')}" + (f"; best: {given}" if given else "")


def _moment(stamp: str) -> str:
    """Return a stamp such as 20241202T153000Z as people read it."""
    day, time = stamp[:8], stamp[9:15]
    return f"{day[:4]}-{day[4:6]}-{day[6:]} {time[:2]}:{time[2:4]}:{time[4:]}Z"


def _links(entry: RunEntry | SweepEntry, base: Path) -> list[tuple[str, str]]:
    """Return the pages that there are, each a text and an address from a folder."""
    found = [("report", entry.path / "report.html")]
    if isinstance(entry, SweepEntry) and entry.best is not None:
        found.append(("best set", entry.best / "report.html"))
    return [(text, address_from(base, path)) for text, path in found if path.is_file()]


def address_from(base: Path, path: Path) -> str:
    """Return the relative address of a file for a page that lies in a folder."""
    return quote(Path(os.path.relpath(path, base)).as_posix())


def _curve(folder: RunFolder, config: Mapping[str, Any], points: int) -> tuple[Seconds, Floats]:
    """Return moments of a run's first lane, and what 1 had grown to. RunError, KeyError."""
    initial = float(config["trading_config"]["initial_cash"])
    table = folder.table("sessions", ["lane", "date", "equity"])
    own = table["lane"].to_numpy() == 0
    dates = table["date"].to_numpy().astype("M8[ns]").view(np.int64)[own]
    equity = table["equity"].to_numpy()[own]
    if not len(dates):
        return np.empty(0, np.int64), np.empty(0)
    # A session is known by its date alone; its equity is that at its close.
    moments, begin = dates + DAY_NS, int(dates[0])
    if len(dates) < _FEW_SESSIONS:
        moments, equity = _base_bars(folder)
        begin = int(moments[0])
    kept = _telling(equity, points)
    seconds = np.concatenate(([begin], moments[kept])) // _SECOND_NS
    return seconds, np.concatenate(([1.0], equity[kept] / initial))


def _base_bars(folder: RunFolder) -> tuple[Seconds, Floats]:
    """Return the moments, ns UTC, and equities of the first lane of a run of few sessions."""
    moments, equities = [], []
    for batch in folder.batches("equity"):
        own = batch["lane"].to_numpy() == 0
        moments.append(batch["ts"].to_numpy().astype("M8[ns]").view(np.int64)[own])
        equities.append(batch["equity"].to_numpy()[own])
    if not sum(map(len, moments)):
        raise RunError(f"{folder.path} has sessions but no equity")
    return np.concatenate(moments), np.concatenate(equities)


def _telling(values: Floats, most: int) -> npt.NDArray[np.int64]:
    """Return about so many rows: the lowest and the highest of each part, the first and last."""
    if len(values) <= most:
        return np.arange(len(values))
    edges = np.linspace(0, len(values), max(2, most // 2), dtype=np.int64)
    found = [0, len(values) - 1]
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        part = values[begin:end]
        found += [begin + int(np.argmin(part)), begin + int(np.argmax(part))]
    return np.unique(np.array(found, np.int64))


def _settings(sources: Sequence[_Source]) -> tuple[list[Setting], int]:
    """Return the settings in which runs differ, and how many more there are.

    Behind them stands what runs were made from (`pipeline.runner.made_from`). A setting that is
    null is the same as one that is not there.
    """
    there = [at for at, one in enumerate(sources) if one.config]
    done = [at for at in there if sources[at].lane]
    configs: list[Any] = [one.config for one in sources]
    full = with_defaults([configs[at] for at in done], [sources[at].summary for at in done])
    for at, config in zip(done, full, strict=True):
        configs[at] = config
    made = [_made(sources[at].summary) for at in there]
    found = [
        setting
        for are_made, ones in ((False, [configs[at] for at in there]), (True, made))
        for path, values in differing(ones)
        if (setting := _setting(path, values, there, len(sources), are_made)) is not None
    ]
    return found[:_MOST_SETTINGS], len(found[_MOST_SETTINGS:])


def _made(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run was made from, by the words of the page."""
    made = summary.get("made_from") or {}
    parts = [(f"{word} of {name}", value[:_HASH_SHOWN]) for word, name, value in _hashes(made)]
    versions = {"Ringtape": made.get("ringtape"), "Python": made.get("python")}
    return {**versions, "sources of Ringtape": made.get("sources"), **dict(parts)}


def _hashes(made: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for kind, word in (("code", "code"), ("bars", "bars"), ("actions", "corporate actions")):
        for name, value in made.get(kind, {}).items():
            yield word, name, str(value)


def _setting(
    path: str, values: Sequence[Any], there: Sequence[int], runs: int, are_made: bool
) -> Setting | None:
    """Return a setting of some of the runs; None if those that have it have the same value.

    Of what runs are made from, a series that only one run has is a difference of their symbols.
    """
    keys: dict[str, int] = {}
    texts, places = [], [-1] * runs
    for at, value in zip(there, values, strict=True):
        if value is not ABSENT and value is not None:
            key = json.dumps(_whole(value))
            if key not in keys:
                keys[key] = len(keys)
                texts.append(_short(_text(_whole(value))))
            places[at] = keys[key]
    if not texts or (are_made and len(texts) < 2):
        return None
    return Setting(path, texts, places, are_made)


def _whole(value: Any) -> Any:
    """Return a value whose whole numbers are integers: 100.0 is the same setting as 100."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(one) for one in value]
    return value


def _text(value: Any) -> str:
    if isinstance(value, list) and not any(isinstance(one, list | dict) for one in value):
        return ", ".join(map(_text, value)) or "none"
    return value if isinstance(value, str) else json.dumps(value)


def _short(text: str) -> str:
    """Return a value's text; of a long one the beginning, and what tells it from others."""
    if len(text) <= _LONGEST_VALUE:
        return text
    mark = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{text[:_LONGEST_VALUE]}... ({count(len(text))} characters, hash {mark})"
