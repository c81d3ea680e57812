"""Matrix functions under torch's older names, and the LDL decomposition."""

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import agree

A, B = draws(0).normal(size=(2, 4, 4)), draws(1).normal(size=(2, 4, 3))


@pytest.mark.filterwarnings("ignore:.*triangular_solve is deprecated")
@pytest.mark.parametrize("upper", [True, False])
@pytest.mark.parametrize("transpose", [True, False])
def test_triangular_solve(upper, transpose):
    a = A + 4 * np.eye(4)
    for unit in (True, False):
        agree(lambda lib, b, a, unit=unit: lib.triangular_solve(b, a, upper, transpose, unit)[0], [B, a])


@pytest.mark.parametrize("transpose", [True, False])
def test_ormqr(transpose):
    packed, tau = (x.numpy() for x in mytorch.geqrf(mytorch.tensor(A[0][:, :2])))
    agree(lambda lib, x, t, y: lib.ormqr(x, t, y, True, transpose), [packed, tau, B[0]])
    agree(lambda lib, x, t, y: lib.ormqr(x, t, y, False, transpose), [packed, tau, B[0].T])


@pytest.mark.parametrize("kind", ["float32", "float64", "complex128"])
def test_ldl(kind):
    pytest.importorskip("scipy")
    symmetric = (A + A.swapaxes(1, 2)).astype(kind)
    hermitian = symmetric + (1j * (A - A.swapaxes(1, 2)) if kind == "complex128" else 0).__mul__(1)
    for x, hermite in ((symmetric, False), (hermitian.astype(kind), True)):

        def solved(lib, x, b, hermite=hermite):
            LD, pivots = lib.linalg.ldl_factor(x, hermitian=hermite)
            return LD, pivots, lib.linalg.ldl_solve(LD, pivots, b, hermitian=hermite)

        agree(solved, [x, B.astype(kind)], gradient=False, tolerance=2e-4 if kind == "float32" else 1e-10)
