"""Kernels as entries and as parts: compiled once each, equal to what they are in Python."""

import re
import time
from pathlib import Path

import numpy as np
import pytest
from llvmlite.binding import Linkage
from numba import njit, types

from pipeline.native.clock import monotonic_ns
from pipeline.native.kernel import Kernel, called_with_integers, kernel
from pipeline.native.users import users_part
from tests.reference.own_process import ROOT, python


@pytest.fixture(autouse=True)
def _nothing_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels are compiled here: of code that is loaded from disk no part is typed."""
    monkeypatch.setenv("RINGTAPE_CACHE_DIR", str(tmp_path / "cache"))


@kernel()
def doubled(value):
    return 2 * value


@kernel()
def shifted(value, by):
    if by < 0:
        raise ValueError("a shift must not be negative")
    return doubled(value) + by


@kernel(error_model="numpy")
def halved(value):
    return value / 0.0


def test_a_kernel_gives_what_its_source_gives():
    for value in (0, 7, -3):
        assert shifted(value, 1) == 2 * value + 1


def test_a_kernel_that_a_kernel_calls_is_typed_but_not_made_machine_code():
    assert shifted(1, 2) == 4
    assert list(doubled.entry.part.overloads) == [(types.int64,)]
    assert not any(doubled.entry.part.signatures[0] == seen for seen in doubled.entry.overloads)


def test_constants_compile_no_version_of_their_own():
    @kernel()
    def many():
        return shifted(1, 0) + shifted(1, 1) + shifted(2, 2)

    assert many() == 2 + 3 + 6
    assert list(shifted.entry.part.overloads) == [(types.int64, types.int64)]


def test_python_and_compiled_code_may_both_call_a_kernel():
    assert shifted(3, 1) == 7
    assert doubled(3) == 6
    assert doubled(1.5) == 3.0


def test_plain_numba_code_calls_kernels_too():
    @njit
    def outside(value):
        return shifted(value, 5)

    assert outside(10) == 25


def test_what_is_inside_an_entry_has_a_name_that_no_other_code_asks_for():
    """Plain Numba code that calls the same part would be led into the entry, and crash."""

    @kernel()
    def tangled(value, count):
        if count < 0:
            raise ValueError("a count must not be negative")
        total = 0.0
        for one in range(count):
            if value > 1.0:
                value = np.sqrt(abs(value)) + np.sin(value * one) + np.log1p(value * value)
            elif value < -1.0:
                value = np.cos(value) + np.arctan(value * one) + np.cosh(1.0 / value)
            for _ in range(one):
                total += np.tanh(value) + np.exp(-total * total) + value % 3.0
        return total

    @kernel()
    def several(value, n):
        low = tangled(value, n) + tangled(value, n + 1) + tangled(value, n + 2)
        middle = tangled(low, n) + tangled(low, n + 1) + tangled(low, n + 2)
        return tangled(middle, n) + tangled(middle, n + 1) + tangled(middle, n + 2)

    @njit
    def outside(value, n):
        return several(value, n), tangled(value, n), tangled(value, n + 1)

    assert outside(0.5, 3) == (several(0.5, 3), tangled(0.5, 3), tangled(0.5, 4))
    (compiled,) = several.entry.overloads.values()
    hidden = [
        function.name
        for function in compiled.library._final_module.functions
        if not function.is_declaration and function.linkage == Linkage.internal
    ]
    assert hidden
    assert all(name.endswith(".inside") for name in hidden)


def test_what_a_part_raises_passes_through():
    with pytest.raises(ValueError, match="a shift must not be negative"):
        shifted(1, -1)


def test_options_hold_for_a_part_as_for_an_entry():
    @kernel()
    def below(value):
        return halved(value)

    assert halved(1.0) == below(1.0) == np.inf


def test_a_users_function_becomes_a_part_of_the_code_that_calls_it():
    body = users_part(lambda values, place: values[place])

    @njit
    def hook(values, place):
        return body(values, place)

    assert hook(np.arange(3.0), 2) == 2.0
    with pytest.raises(IndexError):
        hook(np.arange(3.0), 3)


def test_a_kernel_of_integers_is_called_without_a_look_at_its_arguments():
    assert called_with_integers(shifted)(20, 2) == 42


def test_every_kernel_is_of_this_kind():
    """Numba's own decorators are used only where a function is handed over, to it or by address."""
    assert isinstance(shifted, Kernel)
    users = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "pipeline").rglob("*.py"))
        if re.search(r"import .*\bnjit\b|numba\.njit|^\s*@njit", path.read_text(), re.MULTILINE)
    ]
    assert users == ["pipeline/market/indicators/own_loop.py", "pipeline/native/sorting.py"]


def test_what_an_operation_on_numbers_comes_to_is_asked_once():
    """In a process of its own, because what Numba is told of a function stays with the process."""
    done = python("-m", "tests.native.asked_once", check=False)
    assert (done.returncode, done.stdout) == (0, "0.5 1.5 [float64]\n"), done.stderr


def test_compiled_code_reads_the_clock_that_python_reads():
    @kernel()
    def read() -> int:
        return monotonic_ns()

    before, found, after = time.monotonic_ns(), read(), time.monotonic_ns()
    assert before <= found <= after
