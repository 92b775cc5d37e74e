"""The Universal Scalability Law: how a rate grows with the number of workers.

    X(N) = l N / (1 + s (N - 1) + k N (N - 1))

    l   rate of one worker
    s   serial share: work that one worker must do while the others wait
    k   crosstalk: work that each pair of workers makes for each other

(N. J. Gunther, Guerrilla Capacity Planning, 2007.) Without crosstalk the rate comes closer and
closer to l / s. With it there is a peak, at N = sqrt((1 - s) / k).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.checks.stress.result import Scaling

#: Three parameters from fewer numbers of workers would fit noise.
_LEAST_POINTS: Final = 6
#: A parameter whose standard error is above this, as a number of its own kind, is not identified:
#: a serial share or crosstalk of a whole worker, the rate of one worker by as much as it is.
_UNSURE: Final = 1.0

Floats = npt.NDArray[np.float64]


def fit(workers: Sequence[int], rates: Sequence[float], worker: str = "engines") -> Scaling:
    """Fit the law to rates by the number of workers, both of one length; repeats may be among them.

    With fewer than six numbers of workers, or where the rates leave a parameter open, nothing is
    fitted, and ``said`` says why.
    """
    n, x = np.array(workers, np.float64), np.array(rates, np.float64)
    distinct = len(set(workers))
    if distinct < _LEAST_POINTS:
        said = f"{distinct} numbers of {worker} are too few for a law of scaling, which takes 6."
        return _unfitted(worker, workers, rates, said)
    found, errors, unsure = _least_squares(n, x)
    if unsure:
        said = f"The rates leave the {unsure} open, so nothing is extrapolated."
        return _unfitted(worker, workers, rates, said)
    one, serial, crosstalk = found
    peak = _peak(serial, crosstalk)
    return Scaling(
        worker=worker,
        workers=tuple(workers),
        rates=tuple(rates),
        rate_of_one=one,
        serial=serial,
        crosstalk=crosstalk,
        peak=peak,
        error=float(np.sqrt(np.mean(errors**2)) / np.mean(x)),
        said=_said(worker, serial, crosstalk, peak, max(workers)),
    )


def law(n: Floats, one: float, serial: float, crosstalk: float) -> Floats:
    """Return the rate of each number of workers."""
    rates: Floats = one * n / (1 + serial * (n - 1) + crosstalk * n * (n - 1))
    return rates


def _least_squares(n: Floats, x: Floats) -> tuple[tuple[float, float, float], Floats, str]:
    """Return the parameters, the errors of the rates, and the name of a parameter that is open."""
    from scipy.optimize import least_squares

    scale = float(x.max())
    first = float(np.median(x[n == n.min()] / n.min())) / scale

    def errors(parameters: Floats) -> Floats:
        found: Floats = law(n, *parameters) - x / scale
        return found

    solved = least_squares(
        errors,
        (first, 0.05, 1e-4),
        bounds=((0, 0, 0), (np.inf, np.inf, np.inf)),
        x_scale=(first, 0.05, 1e-3),
        xtol=1e-15,
        ftol=1e-15,
        gtol=1e-15,
        max_nfev=10_000,
    )
    one, serial, crosstalk = (float(value) for value in solved.x)
    names = ("rate of one worker", "serial share", "crosstalk")
    free = np.maximum(1, len(n) - 3)
    singular = np.linalg.svd(solved.jac * [one or 1.0, 1.0, 1.0], compute_uv=False)
    if singular[-1] <= 1e-10 * singular[0]:
        return (one * scale, serial, crosstalk), np.zeros_like(x), names[1]
    # One worker's rate as a share of itself, so that all three have no unit.
    jacobian = solved.jac * [one, 1.0, 1.0]
    covariance = np.linalg.inv(jacobian.T @ jacobian) * float(np.sum(solved.fun**2)) / free
    open_ones = [
        name
        for name, error in zip(names, np.sqrt(np.diag(covariance)), strict=True)
        if error > _UNSURE
    ]
    return (one * scale, serial, crosstalk), solved.fun * scale, open_ones[0] if open_ones else ""


def _peak(serial: float, crosstalk: float) -> float | None:
    """Return the number of workers with the highest rate, 1 or more; None if there is none."""
    if serial >= 1:
        return 1.0
    return max(1.0, float(np.sqrt((1 - serial) / crosstalk))) if crosstalk > 0 else None


def _unfitted(worker: str, workers: Sequence[int], rates: Sequence[float], said: str) -> Scaling:
    return Scaling(
        worker=worker,
        workers=tuple(workers),
        rates=tuple(rates),
        rate_of_one=None,
        serial=None,
        crosstalk=None,
        peak=None,
        error=None,
        said=said,
    )


def _said(worker: str, serial: float, crosstalk: float, peak: float | None, most: int) -> str:
    shares = f"Serial share {serial:.1%}, crosstalk {crosstalk:.2g}"
    if peak is not None and peak < 2.0:
        return f"{shares}: more than one of the {worker} does not pay."
    if peak is None:
        return f"{shares}: more {worker} go on to pay."
    if peak > 4 * most:
        return f"{shares}: more {worker} pay far beyond the {most} that were tried."
    return f"{shares}: more than {int(peak)} {worker} do not pay."
