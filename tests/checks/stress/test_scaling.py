import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.checks.stress.scaling import fit, law

# Throughput of a Cisco benchmark by concurrency, 1 to 32 (B. Schwartz, Practical Scalability
# Analysis with the Universal Scalability Law).
CISCO = (
    *(955.16, 1878.91, 2688.01, 3548.68, 4315.54, 5130.43, 5931.37, 6531.08),
    *(7219.8, 7867.61, 8278.71, 8646.7, 9047.84, 9426.55, 9645.37, 9897.24),
    *(10097.6, 10240.5, 10532.39, 10798.52, 11151.43, 11518.63, 11806.0, 12089.37),
    *(12075.41, 12177.29, 12211.41, 12158.93, 12155.27, 12118.04, 12140.4, 12074.39),
)
# Throughput of a SPARCcenter 2000 by load (SPEC SDM91).
SDM91 = {1: 64.9, 18: 995.9, 36: 1652.4, 72: 1853.2, 108: 1828.9, 144: 1775.0, 216: 1702.2}

workers = st.just([1, 2, 3, 4, 6, 8, 12, 16])


def test_the_law_of_the_cisco_benchmark():
    found = fit(range(1, 33), CISCO)
    assert found.rate_of_one == pytest.approx(995.65, rel=1e-4)
    assert found.serial == pytest.approx(0.02672, rel=1e-3)
    assert found.crosstalk == pytest.approx(7.691e-4, rel=1e-3)
    assert found.peak == pytest.approx(35.57, rel=1e-3)
    assert "more than 35 engines do not pay" in found.said


def test_the_law_of_spec_sdm91():
    found = fit(list(SDM91), list(SDM91.values()), "users")
    assert found.serial == pytest.approx(0.02773, rel=1e-3)
    assert found.crosstalk == pytest.approx(1.0437e-4, rel=1e-3)
    assert found.rate_of_one == pytest.approx(90.0, rel=1e-3)
    assert found.peak == pytest.approx(96.52, rel=1e-3)


@given(workers, st.floats(1.0, 1e9), st.floats(0.0, 0.5), st.floats(1e-4, 0.05))
def test_rates_of_a_law_give_its_parameters_back(n, one, serial, crosstalk):
    found = fit(n, law(np.array(n, float), one, serial, crosstalk).tolist())
    assert found.rate_of_one == pytest.approx(one, rel=1e-3)
    assert found.serial == pytest.approx(serial, abs=1e-3)
    assert found.crosstalk == pytest.approx(crosstalk, abs=1e-4)


@given(st.floats(1e-3, 1e6))
def test_the_unit_of_rates_scales_the_rate_of_one_alone(factor):
    plain, scaled = fit(range(1, 33), CISCO), fit(range(1, 33), [factor * x for x in CISCO])
    assert scaled.rate_of_one == pytest.approx(factor * (plain.rate_of_one or 0), rel=1e-4)
    assert scaled.serial == pytest.approx(plain.serial, rel=1e-3)
    assert scaled.crosstalk == pytest.approx(plain.crosstalk, rel=1e-3)


def test_rates_that_grow_with_the_workers_have_no_peak():
    n = [1, 2, 3, 4, 6, 8]
    found = fit(n, [100.0 * count for count in n])
    assert found.serial == pytest.approx(0, abs=1e-6)
    assert found.crosstalk == pytest.approx(0, abs=1e-6)
    assert found.peak is None or found.peak > 100


def test_where_a_second_worker_slows_the_first_one_is_best():
    found = fit([1, 2, 3, 4, 6, 8], [100.0, 96.0, 90.0, 86.0, 79.0, 73.0])
    assert found.peak == 1.0
    assert "more than one of the engines does not pay" in found.said


def test_few_points_are_not_fitted():
    found = fit([1, 2, 3, 4, 6, 6, 6], [1.0, 1.9, 2.7, 3.4, 4.5, 4.6, 4.4])
    assert (found.rate_of_one, found.serial, found.crosstalk, found.peak) == (None,) * 4
    assert "5 numbers of engines are too few" in found.said


def test_rates_that_say_nothing_are_not_extrapolated():
    found = fit([1, 2, 3, 4, 6, 8], [1.0, 30.0, 2.0, 45.0, 1.0, 17.0])
    assert found.peak is None
    assert "open" in found.said
