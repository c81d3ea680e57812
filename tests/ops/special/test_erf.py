"""Special functions against exact values, over their whole range."""

import math

import numpy as np
import pytest

import mytorch

HARD = np.array(
    [0.0, 1e-300, 1e-20, 0.1, 0.4999, 0.84375, 0.85, 1.0, 1.25, 1.3, 2.0, 2.857, 3.0, 5.0, 6.1, 10.0, 27.0]
)


def exact(function, x):
    return np.array([function(v) for v in x.tolist()])


def relative(ours, theirs):
    both = np.isfinite(theirs) & (np.abs(theirs) > 1e-300)
    np.testing.assert_array_equal(
        ours[~both & (theirs != 0) & (np.abs(theirs) > 1)],
        theirs[~both & (theirs != 0) & (np.abs(theirs) > 1)],
    )
    return np.max(np.abs(ours - theirs)[both] / np.abs(theirs)[both])


@pytest.mark.parametrize("name", ["erf", "erfc"])
def test_error_function(name):
    x = np.concatenate([np.linspace(-8, 27, 200_001), HARD, -HARD])
    assert relative(getattr(mytorch.tensor(x), name)().numpy(), exact(getattr(math, name), x)) < 2e-14
    single = x.astype("float32")
    assert (
        relative(
            getattr(mytorch.tensor(single), name)().numpy()[single < 9],
            exact(getattr(math, name), single[single < 9]),
        )
        < 1e-6
    )


def test_the_error_function_of_few_and_of_many_numbers():
    x = np.concatenate([np.linspace(-5, 5, 100_001), 10.0 ** np.linspace(-30, 38, 1001)]).astype("float32")
    many = mytorch.erf(mytorch.tensor(x)).numpy()
    few = np.concatenate([mytorch.erf(mytorch.tensor(part)).numpy() for part in np.array_split(x, 100)])
    for ours in (many, few):
        assert relative(ours, exact(math.erf, x)) < 5e-7
        assert np.abs(ours).max() == 1  # never beyond
    ends = mytorch.tensor([math.inf, -math.inf, math.nan, -0.0])
    for some in (ends, ends.repeat(1000)):
        np.testing.assert_array_equal(mytorch.erf(some).numpy()[:4], [1, -1, np.nan, -0.0])


def test_the_inverse_of_the_error_function():
    y = np.concatenate([np.linspace(-0.999999, 0.999999, 5001), [1e-10, 1 - 1e-12, -1 + 1e-15]])
    assert np.max(np.abs(mytorch.tensor(y).erfinv().erf().numpy() - y)) < 1e-15
    ends = mytorch.tensor([1.0, -1.0, 1.5, 0.0]).erfinv().tolist()
    assert ends[:2] == [math.inf, -math.inf] and math.isnan(ends[2]) and ends[3] == 0


def test_refusals():
    with pytest.raises(RuntimeError, match="negative n"):
        mytorch.polygamma(-1, mytorch.tensor(1.0))
