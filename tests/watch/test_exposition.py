import math
from importlib.metadata import version
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as open_metrics,
)
from prometheus_client.parser import text_string_to_metric_families as prometheus

from pipeline.watch.exposition import Format, exposition
from tests.watch.documents import sweep_document

READERS = {Format.PROMETHEUS: prometheus, Format.OPENMETRICS: open_metrics}
forms = pytest.mark.parametrize("form", list(Format))


def samples(text: str, form: Format) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Read a text as its oracle does."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in READERS[form](text)
        for sample in family.samples
    }


@forms
def test_a_sweep_is_read_back(form: Format):
    found = samples(exposition([sweep_document()], form), form)
    run, engine = ("run", "abc12345"), ("stage", "engine")
    assert found["ringtape_bars_total", frozenset([run, engine])] == 10
    assert found["ringtape_stage_busy_seconds_total", frozenset([run, engine])] == 2.5
    assert found["ringtape_lanes_ended_total", frozenset([run, ("state", "failed")])] == 1
    assert found["ringtape_best_score", frozenset([run, ("score", "sharpe_ratio")])] == 1.5
    process = ("process", "engine 0")
    assert found["ringtape_slot_work_seconds_count", frozenset([run, process])] == 6
    assert found["ringtape_slot_work_seconds_sum", frozenset([run, process])] == 0.012
    state = "ringtape_state"
    states = {dict(key[1])[state]: value for key, value in found.items() if key[0] == state}
    assert states["running"] == 1
    assert sum(states.values()) == 1
    quantile = found["ringtape_slot_work_seconds", frozenset([run, process, ("quantile", "0.99")])]
    assert quantile == 0.003


@forms
def test_both_formats_have_the_same_samples(form: Format):
    text = exposition([sweep_document()], form)
    other = next(one for one in Format if one is not form)
    assert samples(text, form) == samples(exposition([sweep_document()], other), other)


@forms
@given(name=st.text())
def test_any_text_in_a_label_comes_back(form: Format, name: str):
    document = sweep_document(session_name=name)
    found = samples(exposition([document], form), form)
    labels = [dict(key[1]) for key in found if key[0] == "ringtape_run_info"]
    assert [one["session"] for one in labels] == [name]


@forms
@given(value=st.one_of(st.integers(0, 2**62), st.floats(allow_nan=False)))
def test_any_number_comes_back(form: Format, value: Any):
    document = sweep_document()
    document["sweep"]["best"] = value
    found = samples(exposition([document], form), form)
    (read,) = [number for key, number in found.items() if key[0] == "ringtape_best_score"]
    assert read == float(value) or math.isclose(read, value)


@forms
def test_no_run_is_an_empty_text(form: Format):
    assert samples(exposition([], form), form) == {}


def test_every_family_has_help_and_type():
    lines = exposition([sweep_document()], Format.PROMETHEUS).splitlines()
    named = {line.split()[2] for line in lines if line.startswith("# HELP")}
    assert named == {line.split()[2] for line in lines if line.startswith("# TYPE")}
    assert all(name.startswith("ringtape_") for name in named)


@forms
def test_a_run_is_told_with_its_session_and_the_version(form: Format):
    found = samples(exposition([sweep_document()], form), form)
    (told,) = [dict(labels) for name, labels in found if name == "ringtape_run_info"]
    assert told == {
        "run": "abc12345",
        "kind": "sweep",
        "session": "mine",
        "version": version("ringtape"),
    }


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", Format.PROMETHEUS),
        ("*/*", Format.PROMETHEUS),
        ("text/plain", Format.PROMETHEUS),
        ("application/openmetrics-text", Format.OPENMETRICS),
        ("application/openmetrics-text;version=1.0.0,text/plain;q=0.5", Format.OPENMETRICS),
        ("text/plain;q=0.3, Application/OpenMetrics-Text; q=0.5, */*;q=0.2", Format.OPENMETRICS),
        ("application/openmetrics-text;q=0.3,text/plain;q=0.5", Format.PROMETHEUS),
        ("application/openmetrics-text;q=0", Format.PROMETHEUS),
        ("application/openmetrics-text;q=high", Format.PROMETHEUS),
    ],
)
def test_a_reader_gets_the_format_that_it_accepts(accept: str, form: Format):
    assert Format.accepted(accept) is form
