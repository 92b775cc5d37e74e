"""The metrics of runs and sweeps as text: Prometheus' format 0.0.4, and OpenMetrics 1.0.

Names have their units in them, in base units: seconds, bytes. Every sample names the run by its id.
Counters go up over the whole time of a sweep, because a view adds those of the passes that are over
(`views`). The two formats differ in few places, which `Format` names:

                      Prometheus 0.0.4                  OpenMetrics 1.0
    counter           family is name_total              family is name, its sample name_total
    unit              -                                 a line # UNIT
    info              a gauge name_info                 family name, type info, sample name_info
    state set         a gauge                           type stateset
    end               -                                 a line # EOF

(https://prometheus.io/docs/instrumenting/exposition_formats/, https://openmetrics.io.)
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from importlib.metadata import version
from typing import Any, Final, Literal

from pipeline.watch.views import STAGES

PREFIX: Final = "ringtape_"

_STATES: Final = ("starting", "running", "paused", "stopping", "done", "stopped", "failed")
_ACCOUNT: Final = ("busy", "starved", "blocked", "processor")
#: Timers of each role that are shown as summaries, and what they are.
_TIMERS: Final = {
    "fill": "slot_work",
    "data_processor": "slot_work",
    "analysis_engine": "slot_work",
    "wait_for_room": "slot_wait",
    "wait_for_bars": "slot_wait",
    "wait_for_slot": "slot_wait",
}


class Format(Enum):
    """A format of the text, by its content type."""

    PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

    @classmethod
    def accepted(cls, accept: str) -> Format:
        """Return the format that a reader asks for by its header Accept.

        Of several it is the one with the highest weight, and OpenMetrics among equals. A reader
        that names neither gets that of Prometheus.
        """
        weights = dict.fromkeys(cls, 0.0)
        for entry in accept.lower().split(","):
            media, *parameters = (word.strip() for word in entry.split(";"))
            for form in cls:
                if media == form.value.partition(";")[0]:
                    weights[form] = max(weights[form], _weight(parameters))
        asked = weights[cls.OPENMETRICS]
        return cls.OPENMETRICS if asked and asked >= weights[cls.PROMETHEUS] else cls.PROMETHEUS


def _weight(parameters: Iterable[str]) -> float:
    """Return the weight of a media type, 1 if it names none and 0 if that is no number."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            with suppress(ValueError):
                return float(value)
            return 0.0
    return 1.0


@dataclass
class Family:
    """All samples of one name."""

    #: Without the prefix, and for counters without "_total".
    name: str
    kind: Literal["counter", "gauge", "info", "stateset", "summary"]
    help: str
    #: "seconds", "bytes", "ratio" or "".
    unit: str = ""
    #: Labels, value and what comes behind the name ("" or "_count", "_sum") of each sample.
    samples: list[tuple[Mapping[str, str], float, str]] = field(default_factory=list)

    def add(self, labels: Mapping[str, str], value: float, suffix: str = "") -> None:
        """Add a sample."""
        self.samples.append((labels, value, suffix))


def exposition(documents: Iterable[Mapping[str, Any]], form: Format) -> str:
    """Return the metrics of some runs; ``documents``: as `views.View.document` makes them."""
    families = _families()
    for document in documents:
        _fill(families, document)
    lines = [
        line for family in families.values() if family.samples for line in _lines(family, form)
    ]
    if form is Format.OPENMETRICS:
        lines.append("# EOF")
    return "\n".join([*lines, ""])


def _families() -> dict[str, Family]:
    """Return all metrics without samples, in the order of the text."""
    made = [
        Family("run", "info", "A run or sweep, and the version of Ringtape that shows it."),
        Family("state", "stateset", "How a run or sweep is: the state with the value 1."),
        Family("begin_timestamp_seconds", "gauge", "When it began, since 1970.", "seconds"),
        Family("done_ratio", "gauge", "How much of it is done, 0 to 1.", "ratio"),
        Family("bars", "counter", "Base bars that a stage has handed on, over its processes."),
        Family("slots", "counter", "Slots that a stage has handed on, over its processes."),
        Family("sessions", "counter", "Sessions that have closed, over a stage's processes."),
        Family("fills", "counter", "Fills of all lanes."),
        *(
            Family(
                f"stage_{part}_seconds",
                "counter",
                f"Time of a stage's processes until their last slots: {part}.",
                "seconds",
            )
            for part in _ACCOUNT
        ),
        Family("slot_work_seconds", "summary", "Work of a process on a slot.", "seconds"),
        Family("slot_wait_seconds", "summary", "Wait of a process for a slot.", "seconds"),
        Family("ring_slots", "gauge", "Slots of the ring."),
        Family("ring_slots_in_use", "gauge", "Slots that are published and not yet released."),
        Family("memory_bytes", "gauge", "Memory of its processes, unshared.", "bytes"),
        Family("shared_memory_bytes", "gauge", "Memory of its segments.", "bytes"),
        Family("process_peak_memory_bytes", "gauge", "Peak memory of a process.", "bytes"),
        Family(
            "heartbeat_age_seconds", "gauge", "Time since a process's last sign of life.", "seconds"
        ),
        Family("lanes", "gauge", "Lanes of a sweep."),
        Family("lanes_ended", "counter", "Lanes of a sweep that have ended, by how."),
        Family("evaluations", "counter", "Bars seen by lanes of a sweep."),
        Family("passes", "counter", "Passes of a sweep that have begun."),
        Family("best_score", "gauge", "The best score of a sweep so far."),
    ]
    return {family.name: family for family in made}


def _fill(families: dict[str, Family], document: Mapping[str, Any]) -> None:
    """Add the samples of one run."""
    run = {"run": document["run_id"]}
    about = {"kind": document["kind"], "session": document["session_name"]}
    families["run"].add({**run, **about, "version": version("ringtape")}, 1.0)
    for state in dict.fromkeys([*_STATES, document["state"]]):
        # A state set's label has the name of its family.
        families["state"].add({**run, f"{PREFIX}state": state}, state == document["state"])
    if document["began"] is not None:
        families["begin_timestamp_seconds"].add(run, document["began"] / 1e9)
    if document["done"] is not None:
        families["done_ratio"].add(run, document["done"])
    for role, counters in document["counters"].items():
        _fill_role(families, {**run, "stage": STAGES.get(role, role)}, counters)
    families["ring_slots"].add(run, document["slots"]["all"])
    families["ring_slots_in_use"].add(run, document["slots"]["in_use"])
    families["memory_bytes"].add(run, document["memory_bytes"])
    families["shared_memory_bytes"].add(run, document["shared_bytes"])
    for process in document["processes"]:
        labels = {**run, "process": process["role"]}
        families["process_peak_memory_bytes"].add(labels, process["peak_rss_bytes"])
        if process["heartbeat_age"] is not None:
            families["heartbeat_age_seconds"].add(labels, process["heartbeat_age"])
    for row, counts in document.get("timed", {}).items():
        figures = document["stats"].get(row)
        timers = {} if figures is None else figures["run"]["timers"]
        _fill_timers(families, {**run, "process": row}, counts, timers)
    # That of a stress has no lanes.
    if "lanes" in document.get("sweep", {}):
        _fill_sweep(families, run, document["sweep"])


def _fill_role(
    families: dict[str, Family], labels: Mapping[str, str], counters: Mapping[str, int]
) -> None:
    for name in ("bars", "slots", "sessions", "fills"):
        if name in counters:
            families[name].add(labels, counters[name])
    for part in _ACCOUNT:
        if f"{part}_ns" in counters:
            families[f"stage_{part}_seconds"].add(labels, counters[f"{part}_ns"] / 1e9)


def _fill_timers(
    families: dict[str, Family],
    labels: Mapping[str, str],
    counts: Mapping[str, int],
    timers: Mapping[str, Mapping[str, Any]],
) -> None:
    """Add a process's summaries: counts and sums of all passes, quantiles of that under way."""
    for name, kind in _TIMERS.items():
        if not counts.get(f"{name}_count"):
            continue
        family = families[f"{kind}_seconds"]
        if (timer := timers.get(name)) is not None and timer["count"]:
            for quantile, key in (("0.5", "p50"), ("0.99", "p99"), ("0.999", "p999")):
                family.add({**labels, "quantile": quantile}, timer[key])
        family.add(labels, counts[f"{name}_ns"] / 1e9, "_sum")
        family.add(labels, counts[f"{name}_count"], "_count")


def _fill_sweep(
    families: dict[str, Family], run: Mapping[str, str], said: Mapping[str, Any]
) -> None:
    if said.get("lanes_total") is not None:
        families["lanes"].add(run, said["lanes_total"])
    for state in ("done", "failed", "pruned", "known"):
        families["lanes_ended"].add({**run, "state": state}, said.get(state, 0))
    families["evaluations"].add(run, said.get("evaluations", 0))
    families["passes"].add(run, said.get("passes", 0))
    if said.get("best") is not None:
        families["best_score"].add({**run, "score": str(said.get("score"))}, said["best"])


def _lines(family: Family, form: Format) -> Iterator[str]:
    """Give the lines of a family."""
    open_metrics = form is Format.OPENMETRICS
    name, kind = PREFIX + family.name, family.kind
    if not open_metrics:
        name += {"counter": "_total", "info": "_info"}.get(kind, "")
        kind = "gauge" if kind in ("info", "stateset") else kind
    yield f"# HELP {name} {_escaped(family.help, quotes=open_metrics)}"
    yield f"# TYPE {name} {kind}"
    if open_metrics and family.unit and name.endswith(f"_{family.unit}"):
        yield f"# UNIT {name} {family.unit}"
    behind = {"counter": "_total", "info": "_info"}.get(family.kind, "") if open_metrics else ""
    for labels, value, suffix in family.samples:
        yield f"{name}{behind}{suffix}{_labels(labels)} {_number(value)}"


def _labels(labels: Mapping[str, str]) -> str:
    inside = ",".join(f'{name}="{_escaped(value, quotes=True)}"' for name, value in labels.items())
    return f"{{{inside}}}" if inside else ""


def _escaped(text: str, *, quotes: bool = False) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quotes else text


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if float(value).is_integer() and abs(value) < 2**53 else repr(value)
