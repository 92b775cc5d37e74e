"""An array that an interpreted hook is given has Python's numbers for items."""

import copy
import pickle

import numba
import numpy as np
import pytest

from pipeline.native.hook_array import HookArray

VALUES = np.array([3.0, 1.0, 2.5, 2.5, 0.5, 4.0])


def shown():
    return VALUES.copy().view(HookArray)


@pytest.mark.parametrize(
    "written",
    [
        *("w[-1]", "w[np.int64(2)]", "w[1:][0]", "w[::-1][0]", "w[w > 1.0][0]", "w.copy()[0]"),
        *("w.max()", "w.mean()", "w.std()", "w.var(ddof=1)", "w.sum()", "w.prod()", "w.dot(w)"),
        *("w.argmax()", "w.take(3)", "w.round(1)[0]", "w.nonzero()[0][0]", "w.argsort()[0]"),
        *("np.max(w)", "np.mean(w)", "np.median(w)", "np.std(w)", "np.percentile(w, 30)"),
        *("np.nanmean(w)", "np.average(w)", "np.corrcoef(w, w)[0, 1]", "np.polyfit(w, w, 1)[0]"),
        *("np.concatenate([w, w])[0]", "np.where(w > 1.0)[0][0]", "np.histogram(w)[0][0]"),
        *("np.sqrt(w)[0]", "np.diff(w)[0]", "np.sort(w)[0]", "np.searchsorted(w, 2.0)", "w @ w"),
        *("np.minimum.reduce(w)", "(2.0 * w)[0]", "(w > 1.0)[0]", "(w > 1.0).sum()", "w[0] > w[1]"),
        *("(w > 1.0).any()", "np.all(w > 0.0)", "np.isnan(w)[0]", "w.reshape(2, 3)[1][2]"),
        *("w.reshape(2, 3)[1, 2]", "w.astype(np.int64)[0]", "next(iter(w))", "sorted(w)[0]"),
        *("sum(w)", "max(w)", "list(reversed(w))[0]", "2.5 in w", "np.ptp(w)"),
    ],
)
def test_one_number_is_pythons(written: str):
    ours = eval(written, {"np": np, "w": shown()})  # of this file only
    numpys = eval(written, {"np": np, "w": VALUES})
    assert type(ours) in (float, int, bool)
    assert ours == numpys


def test_comparisons_are_added():
    w = shown()
    assert (w[-1] > w[0]) + (w[-1] > w[1]) == 2
    assert -(w[-1] > w[0]) == -1
    assert sum(w[at] > w[at - 1] for at in range(1, len(w))) == 2
    assert (w.max() > 1.0) + (np.mean(w) > 1.0) == 2
    with pytest.raises(ZeroDivisionError):
        w[0] / (w[1] - 1.0)


def test_it_is_an_array_like_any_other():
    w = shown()
    assert repr(w) == repr(VALUES)
    assert str(w) == str(VALUES)
    same = w
    w += 1.0
    w *= 2.0
    w[0] = 5.0
    assert same is w
    assert w.base is not None
    assert isinstance(w, np.ndarray)
    assert w.tolist() == [5.0, *(2.0 * (VALUES[1:] + 1.0))]
    assert numba.njit(lambda values: values.sum() + values[0])(w) == float(w.sum()) + 5.0
    for other in (copy.deepcopy(w), pickle.loads(pickle.dumps(w)), np.array(w)):
        np.testing.assert_array_equal(other, w)
    np.testing.assert_array_equal(np.vstack([w, w])[1], w)


def test_one_that_may_only_be_read_is_not_changed():
    w = shown()
    w.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        w += 1.0
    with pytest.raises(IndexError, match="out of bounds"):
        w[9]
