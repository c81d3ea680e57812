"""What is easily confused with its neighbour: torch's older functions, keywords of their own, numbers cast to
an integer dtype.
"""

import pytest

from tests.referee import agree_on

CASES = {
    "number before tensors": lambda t: [
        t.ones(2).add_(0.5, t.arange(2.0)),
        t.add(t.ones(2), 2, t.arange(2.0)),
        t.ones(2).sub_(0.5, t.arange(2.0)),
        t.sub(t.ones(2), 2, t.arange(2.0)),
        t.ones(2).addcmul_(0.5, t.arange(2.0), t.ones(2)),
        t.addcdiv(t.ones(2), -2, t.arange(2.0), t.ones(2)),
        t.ones(2).addcdiv(3, t.ones(2), t.ones(2)),
    ],
    "vander": lambda t: [
        t.vander(t.tensor([2.0, 3.0])),
        t.vander(t.tensor([1, 2, 3]), 2),
        t.vander(t.tensor([1, 2]), 4, True),
    ],
    "vander of infinities": lambda t: t.vander(t.tensor([float("inf"), float("nan"), 0.0])),
    "vander of few": lambda t: (
        [t.vander(t.tensor([2.0, 3.0]), n) for n in (0, 1)]
        + [t.vander(t.tensor([True, False])), t.vander(t.ones(0))]
    ),
    "vander of a matrix": lambda t: t.vander(t.ones(2, 2)),
    "vander, negative": lambda t: t.vander(t.ones(2), -1),
    "linalg.vander of infinities": lambda t: t.linalg.vander(t.tensor([float("inf"), float("nan"), 0.0])),
    "pow by name": lambda t: [
        t.pow(t.tensor([2.0]), exponent=3),
        t.tensor([2.0]).pow(exponent=t.tensor([3.0])),
        t.pow(input=t.tensor([2]), exponent=2),
    ],
    "split_with_sizes by name": lambda t: [
        *t.split_with_sizes(t.arange(6), split_sizes=[1, 5]),
        *t.split_with_sizes(input=t.ones(2, 3), split_sizes=(3, 0), dim=1),
        *t.arange(3).split_with_sizes(split_sizes=[3]),
        *t.split_with_sizes_copy(t.arange(6), split_sizes=[2, 4]),
    ],
    "split_with_sizes of one size": lambda t: t.split_with_sizes(t.arange(6), 2),
    "split_with_sizes of too few": lambda t: t.split_with_sizes(t.arange(6), [2, 2]),
    "heaviside by name": lambda t: t.heaviside(t.tensor([0.0, 1.0]), values=t.tensor([0.5, 2.0])),
    **{
        f"arange {a} {kind}": lambda t, a=a, kind=kind: t.arange(*a, dtype=getattr(t, kind))
        for a in ((2.5,), (0, 3, 1.5), (0.5, 3.7), (5, 0.5, -1.5), (0, 5, 2.9), (0, 7, 2))
        for kind in ("int64", "int32", "uint8", "float64")
    },
    "arange by less than one": lambda t: t.arange(0, 1, 0.3, dtype=t.int32),
    "addmm of integers": lambda t: t.addmm(
        t.ones(2, 2).long(), t.ones(2, 2).long(), t.ones(2, 2).long(), alpha=2.7, beta=1.5
    ),
    "baddbmm of integers": lambda t: t.baddbmm(
        t.ones(1, 2, 2).long(), t.ones(1, 2, 2).long(), t.ones(1, 2, 2).long(), alpha=1.5
    ),
    "cross where the first finds it": lambda t: t.cross(t.ones(1, 1, 3), t.arange(18.0).reshape(2, 3, 3)),
    "meshgrid of two dtypes": lambda t: t.meshgrid(t.ones(2), t.ones(2).long(), indexing="ij"),
    "searchsorted for nothing": lambda t: t.searchsorted(t.ones(2, 4), t.ones(2, 0)),
    "tensordot without dimensions": lambda t: t.tensordot(t.ones(()), t.ones(3, 3), dims=([-1], [0])),
    "cov of booleans": lambda t: t.cov(t.ones(3).bool()),
    "corrcoef of booleans": lambda t: t.corrcoef(t.ones(2, 3).bool()),
    "trapezoid of booleans": lambda t: t.trapezoid(t.ones(3).bool()),
    "soft_margin_loss of a number": lambda t: t.nn.functional.soft_margin_loss(t.ones(()), t.ones(3)),
    "soft_margin_loss, broadcast": lambda t: t.nn.functional.soft_margin_loss(
        t.ones(2, 3), t.ones(3), reduction="none"
    ),
    "linear, a vector of weights": lambda t: t.nn.functional.linear(t.ones(2, 3), t.ones(3)),
    "linear, a vector and a bias": lambda t: t.nn.functional.linear(t.ones(2, 3), t.ones(3), t.ones(1)),
    "linear, a number and a bias": lambda t: t.nn.functional.linear(t.ones(3), t.ones(3), t.ones(4)),
    **{
        f"ldexp {a} {b}": lambda t, a=a, b=b: t.ldexp(
            t.ones(2, dtype=getattr(t, a)), t.tensor([3, -1], dtype=getattr(t, b))
        )
        for a in ("float16", "float64", "int32")
        for b in ("float16", "int64", "float32")
    },
}


@pytest.mark.parametrize("name", CASES)
def test_as_in_torch(name):
    agree_on(CASES[name])
