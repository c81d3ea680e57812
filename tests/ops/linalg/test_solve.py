"""Systems of linear equations, against PyTorch."""

import numpy as np
import pytest

from tests.draws import arrays, draws
from tests.referee import agree

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


def plus_eye(m, x):
    return x + 2.5 * m.eye(x.shape[-1], dtype=x.dtype)


def test_solve():
    A, rng = arrays((3, 3), (2, 3, 3), (5, 1, 3, 3), dtype="float64"), draws(1)
    for a in A:
        for shape in [(3,), (3, 2), (2, 3), (2, 3, 4), (5, 2, 3, 1), (4,), (2, 4), (5, 3), (1, 3), (5, 1, 3)]:
            for left in (True, False):
                b = rng.standard_normal(shape)
                agree(
                    lambda m, x, y: m.linalg.solve(plus_eye(m, x), y, left=left),
                    [a, b],
                    f"{a.shape} {shape} {left}",
                    tolerance=1e-8,
                )
    agree(lambda m, x, y: m.linalg.solve(x, y), [np.eye(3, dtype="float32"), np.ones(3)])


@pytest.mark.parametrize("unit", [False, True])
@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("upper", [False, True])
def test_solve_triangular(upper, left, unit):
    for a, b in [
        ((3, 3), (3, 3)),
        ((2, 3, 3), (2, 3, 3)),
        ((3, 3), (2, 3, 3)),
        ((2, 3, 3), (3, 3)),
        ((3, 3), (3,)),
        ((3, 3), (4, 2)),
        ((3, 4), (3, 2)),
    ]:
        agree(
            lambda m, x, y: m.linalg.solve_triangular(
                plus_eye(m, x) if x.shape[-1] == 3 else x, y, upper=upper, left=left, unitriangular=unit
            ),
            arrays(a, b, dtype="float64"),
            f"{a} {b}",
            tolerance=1e-8,
        )
