"""The run folders of a folder of results: lists them, finds one by its name, removes one."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import RingtapeError
from pipeline.native.regular_file import check_regular
from pipeline.results.folder import LATEST, PARTIAL, STAMP, UNFINISHED, RunFolder, nearest_folder

#: The folder of the ledger, beside the runs and sweeps of which it knows.
LEDGER = "ledger"


@dataclass(frozen=True)
class RunEntry:
    """A run folder in a list."""

    path: Path
    #: When it was made, as 20241202T153000Z; "" if the folder has another name.
    made: str
    session_name: str
    #: The first lane's class with the parameters that it was given; how many, if there are more.
    strategy: str
    #: The first and the last session if the run is done, else the dates that it was asked for.
    first: str
    last: str
    #: The first lane's; None if the run is not done, or the figure is not defined.
    total_return: float | None
    sharpe_ratio: float | None
    #: "done", "unfinished" (it is running, or it was killed), or "partial".
    state: str
    #: Why it is not done; "" if it is.
    reason: str


@dataclass(frozen=True)
class SweepEntry:
    """A sweep's folder in a list."""

    path: Path
    #: When it was made, as 20241202T153000Z; "" if the folder has another name.
    made: str
    #: How many sets it has tried.
    sets: int
    #: The first and the last session; "" if no tape was replayed.
    first: str
    last: str
    #: "done" or "partial".
    state: str
    #: Why it is not done; "" if it is.
    reason: str
    #: Parameters of the best set; none if no set has a score.
    parameters: Mapping[str, Any]
    #: The figure that ranks the sets, with "-" before it where less is better.
    score_name: str
    #: That of the best set; None if no set has a score.
    score: float | None
    #: Run folder of the best set; None if it was not run again.
    best: Path | None


def list_runs(out: Path) -> list[RunEntry]:
    """Return the runs below ``out``, the newest first. Sweeps are in the ledger, not here."""
    found = [_entry(path.parent) for path in _configs(out)]
    runs = [entry for entry in found if entry is not None]
    return sorted(runs, key=_age, reverse=True)


def list_sweeps(out: Path) -> list[SweepEntry]:
    """Return the sweeps below ``out``, the newest first."""
    found = [_sweep_entry(path.parent) for path in _configs(out)]
    sweeps = [entry for entry in found if entry is not None]
    return sorted(sweeps, key=_age, reverse=True)


def find_run(name: str | Path, out: Path) -> RunFolder:
    """Return the run folder of this path, or of this name below ``out``.

    The beginning or the end of a name is enough if it is that of one run, or of one that is done
    beside others that are not, and "latest" is the newest. RingtapeError if there is none, or
    several, or if it is a sweep's.
    """
    if (Path(name) / "config.json").is_file():
        _refuse_sweep(str(name), Path(name).parent, [Path(name)])
        return RunFolder(Path(name))
    entries = list_runs(out)
    there = [entry.path for entry in entries]
    done = [entry.path for entry in entries if entry.state == "done"]
    text = str(name)
    if not _matching(text, there):
        _refuse_sweep(text, out, _matching(text, [path.parent for path in _configs(out)]))
    if not there:
        raise RingtapeError(
            f"{text} is not a run folder, and there is no run in {out}; expected the folder of runs"
            " as --out"
        )
    if text == LATEST:
        return RunFolder(there[0])
    found = _matching(text, there)
    one = found if len(found) == 1 else _matching(text, done)
    if len(one) == 1:
        return RunFolder(one[0])
    if found:
        some = ", ".join(path.name for path in found[:3])
        more = " and others" if len(found) > 3 else ""
        raise RingtapeError(f"{text} may be any of {len(found)} runs in {out}: {some}{more}")
    near = nearest_folder(text, [path.name for path in done or there])
    hint = f"the newest is {there[0].name}" if near is None else f"did you mean {near}?"
    raise RingtapeError(f"there is no run {text} in {out}; {hint}")


def _configs(out: Path) -> list[Path]:
    return list(out.glob("*/config.json"))


def _matching(text: str, paths: Sequence[Path]) -> list[Path]:
    """Return the folders whose names begin or end with a text."""
    return [path for path in paths if path.name.startswith(text) or path.name.endswith(text)]


def _refuse_sweep(text: str, out: Path, paths: Sequence[Path]) -> None:
    """Raise RingtapeError, which says where sweeps are, if any of some folders is a sweep's."""
    for path in paths:
        summary = _read(path / "summary.json")
        if _is_of_sweep(summary):
            ledger = Path(summary.get("ledger") or out / LEDGER)
            where = "" if ledger == Path("runs") / LEDGER else f" {ledger}"
            raise RingtapeError(
                f"{text} is a sweep: see `ringtape ledger{where} --sweep {path.name}`; its best "
                f"sets, if it is done, are runs in {path / 'best'}"
            )


def _is_of_sweep(summary: Mapping[str, Any]) -> bool:
    return "sweep" in summary or not isinstance(summary.get("lanes", []), list)


def summary_of(folder: RunFolder) -> dict[str, Any]:
    """Return the summary of a run; of one that has none, its folder and why it is partial."""
    if (folder.path / "summary.json").is_file():
        return folder.summary
    reason = folder.partial or UNFINISHED
    return {"run_dir": folder.path.as_posix(), "partial": True, "reason": reason}


def remove_run(folder: RunFolder) -> None:
    """Remove a run folder with all that is in it."""
    shutil.rmtree(folder.path)


def _age(entry: RunEntry | SweepEntry) -> tuple[str, int]:
    return entry.made, (entry.path / "config.json").stat().st_mtime_ns


def _entry(path: Path) -> RunEntry | None:
    """Return the entry of a folder, None if it is a sweep's or cannot be read."""
    config, summary = _read(path / "config.json"), _read(path / "summary.json")
    lanes = summary.get("lanes", [])
    if not config or _is_of_sweep(summary):
        return None
    reason = RunFolder(path).partial
    state = "done"
    if reason is not None or not lanes:
        state = "unfinished" if reason in (None, UNFINISHED) else PARTIAL.lower()
    dates, stamp = config.get("backtest_config", {}), STAMP.search(path.name)
    first = lanes[0] if lanes and state == "done" else {}
    return RunEntry(
        path=path,
        made=stamp[1] if stamp else "",
        session_name=str(config.get("session_name", "")),
        strategy=_strategy(config.get("strategy")),
        first=str(summary.get("first_session") or dates.get("start_date")),
        last=str(summary.get("last_session") or dates.get("end_date")),
        total_return=first.get("total_return"),
        sharpe_ratio=first.get("sharpe_ratio"),
        state=state,
        reason="" if state == "done" else reason or UNFINISHED,
    )


def _sweep_entry(path: Path) -> SweepEntry | None:
    """Return the entry of a sweep's folder, None if it is of something else."""
    summary = _read(path / "summary.json")
    if not _is_of_sweep(summary):
        return None
    reason, stamp = RunFolder(path).partial, STAMP.search(path.name)
    best, sets = summary.get("best") or {}, summary.get("lanes")
    details = summary.get("details") or [None]
    # The folder may have been moved since, so that only the name of the run is still right.
    detail = None if details[0] is None else path / "best" / Path(details[0]).name
    return SweepEntry(
        path=path,
        made=stamp[1] if stamp else "",
        sets=sets if isinstance(sets, int) else 0,
        first=str(summary.get("first_session") or ""),
        last=str(summary.get("last_session") or ""),
        state="done" if reason is None else PARTIAL.lower(),
        reason=reason or "",
        parameters=best.get("parameters") or {},
        score_name=str((summary.get("scores") or [""])[0]),
        score=best.get("score"),
        best=detail if detail is not None and detail.is_dir() else None,
    )


def _strategy(section: Any) -> str:
    many = section if isinstance(section, list) else [section]
    if len(many) != 1 or not isinstance(many[0], Mapping):
        return f"{len(many)} strategies"
    name = str(many[0].get("name")).rpartition(":")[2]
    given = many[0].get("parameters") or {}
    return f"{name}({', '.join(f'{key}={value}' for key, value in given.items())})"


def _read(path: Path) -> dict[str, Any]:
    try:
        check_regular(path)
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
