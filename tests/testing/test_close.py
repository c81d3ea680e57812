"""assert_close says yes and no where PyTorch's does."""

import math

import pytest

import mytorch
from tests.referee import agree_on, table


def outcome(t, actual, expected, **options):
    try:
        t.testing.assert_close(actual, expected, **options)
        return "close"
    except AssertionError:
        return "not close"


def s_equal(t):
    return outcome(t, t.ones(2), t.ones(2))


def s_within_the_default_tolerance(t):
    return [outcome(t, t.ones(2) + e, t.ones(2)) for e in (1e-6, 1e-5, 2e-5, 1e-3)]


def s_default_tolerance_of_float64(t):
    return [
        outcome(t, t.ones(2, dtype=t.float64) + e, t.ones(2, dtype=t.float64)) for e in (1e-8, 1.5e-7, 3e-7)
    ]


def s_integers(t):
    return outcome(t, t.tensor([1, 2]), t.tensor([1, 2])), outcome(t, t.tensor([1, 2]), t.tensor([1, 3]))


def s_integers_with_tolerance(t):
    return outcome(t, t.tensor([1, 2]), t.tensor([1, 3]), rtol=0, atol=1)


def s_booleans(t):
    return outcome(t, t.tensor([True]), t.tensor([True])), outcome(t, t.tensor([True]), t.tensor([False]))


def s_shapes(t):
    return outcome(t, t.ones(2), t.ones(2, 1)), outcome(t, t.ones(()), t.ones(1))


def s_dtypes(t):
    x, y = t.ones(2), t.ones(2, dtype=t.float64)
    return outcome(t, x, y), outcome(t, x, y, check_dtype=False), outcome(t, x + 1e-6, y, check_dtype=False)


def s_nan(t):
    x = t.tensor([math.nan, 1.0])
    return (
        outcome(t, x, x),
        outcome(t, x, x.clone(), equal_nan=True),
        outcome(t, x, t.ones(2), equal_nan=True),
    )


def s_infinity(t):
    x = t.tensor([math.inf, -math.inf])
    return outcome(t, x, x.clone()), outcome(t, x, -x), outcome(t, x, t.ones(2))


def s_numbers(t):
    return outcome(t, 1.0, 1.0 + 1e-9), outcome(t, 1.0, 1.1), outcome(t, 3, 3)


def s_containers(t):
    a, b = [t.ones(2), {"x": t.zeros(1)}], [t.ones(2), {"x": t.zeros(1)}]
    return (
        outcome(t, a, b),
        outcome(t, a, b[:1]),
        outcome(t, a, [t.ones(2), {"x": t.ones(1)}]),
        outcome(t, {"a": 1}, {"b": 1}),
    )


def s_only_one_tolerance(t):
    return outcome(t, t.ones(2), t.ones(2), rtol=1e-3)


def s_something_else(t):
    return outcome(t, "a", t.ones(1))


def s_empty(t):
    return outcome(t, t.ones(0, 2), t.ones(0, 2)), outcome(t, t.ones(0, 2), t.ones(0, 3))


@table(globals())
def test_as_in_torch(scenario):
    agree_on(scenario)


def test_the_message_shows_the_worst_element():
    x, y = mytorch.zeros(2, 3), mytorch.zeros(2, 3)
    x[0, 1], x[1, 2] = 0.5, 7.0
    with pytest.raises(
        AssertionError, match=r"(?s)Mismatched elements: 2 / 6 \(33.3%\).*index \(1, 2\): 7.0 instead of 0.0"
    ):
        mytorch.testing.assert_close(x, y)
    with pytest.raises(AssertionError, match=r"^no$"):
        mytorch.testing.assert_close(x, y, msg="no")
    with pytest.raises(AssertionError, match=r"not close\['a'\]\[1\]"):
        mytorch.testing.assert_close({"a": [y, x]}, {"a": [y, y]})
