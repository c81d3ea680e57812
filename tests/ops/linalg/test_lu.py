"""LU factorizations, forms that report failure, eigenvalues and equations of tensors, as in PyTorch."""

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import agree

RNG = draws(0)

SHAPES = [(3, 3), (2, 4, 4), (5, 3), (2, 3, 5), (0, 3, 3), (1, 1)]


@pytest.mark.filterwarnings("ignore:torch.lu")  # deprecated there
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_factors(shape):
    A = RNG.standard_normal(shape)
    agree(lambda m, x: m.linalg.lu(x), [A], tolerance=1e-9)
    agree(lambda m, x: m.linalg.lu_factor(x), [A], tolerance=1e-9)
    agree(lambda m, x: m.linalg.lu_factor_ex(x), [A], tolerance=1e-9)
    agree(lambda m, x: m.lu(x), [A], tolerance=1e-9)
    agree(lambda m, x: m.lu_unpack(*m.linalg.lu_factor(x)), [A], tolerance=1e-9)
    agree(lambda m, x: m.lu_unpack(*m.linalg.lu_factor(x), unpack_data=False)[0], [A])
    agree(lambda m, x: m.linalg.lu(x), [A.astype("float32")], gradient=False, tolerance=1e-5)


@pytest.mark.filterwarnings("ignore:torch.lu")
@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("adjoint", [True, False])
def test_solutions(left, adjoint):
    A, B = RNG.standard_normal((2, 4, 4)), RNG.standard_normal((2, 4, 3) if left else (2, 3, 4))
    agree(
        lambda m, x, b: m.linalg.lu_solve(*m.linalg.lu_factor(x), b, left=left, adjoint=adjoint),
        [A, B],
        tolerance=1e-9,
    )
    agree(
        lambda m, x, b: (
            b.mT.lu_solve(*m.linalg.lu_factor(x)) if not left else m.lu_solve(b, *m.linalg.lu_factor(x))
        ),
        [A, B],
        tolerance=1e-9,
    )
    agree(lambda m, x, b: m.linalg.lu_solve(*m.linalg.lu_factor(x), b[..., :2, :2], left=left), [A, B])


def test_what_cannot_be_done_is_reported():
    A = RNG.standard_normal((2, 4, 4))
    A[1] = 1
    S = A @ A.swapaxes(-1, -2) + np.eye(4)
    S[1] = np.diag([1.0, 2, -1, 3])
    for name, x in (("inv_ex", A), ("cholesky_ex", S), ("lu_factor_ex", A)):
        agree(
            lambda m, x, name=name: [part[0] for part in getattr(m.linalg, name)(x)],
            [x],
            gradient=False,
            tolerance=1e-9,
        )
        agree(lambda m, x, name=name: getattr(m.linalg, name)(x).info, [x], gradient=False)
        with pytest.raises(mytorch.linalg.LinAlgError):
            getattr(mytorch.linalg, name)(mytorch.tensor(x), check_errors=True)
        agree(lambda m, x, name=name: getattr(m.linalg, name)(x), [x[:1]], tolerance=1e-9)
    agree(lambda m, x, b: m.linalg.solve_ex(x, b), [A[:1], A[:1, :, :2]], tolerance=1e-9)
    agree(lambda m, x: m.linalg.solve_ex(x, x).info, [A], gradient=False)
    agree(lambda m, x: m.linalg.cholesky_ex(x, upper=True), [S[:1]], tolerance=1e-9)
    assert np.isnan(mytorch.linalg.inv_ex(mytorch.tensor(A)).inverse[1].array).any()


@pytest.mark.filterwarnings("ignore:torch.lu")
def test_the_cpu_always_swaps_rows():
    for call in (
        lambda m, x: m.linalg.lu(x, pivot=False),
        lambda m, x: m.linalg.lu_factor(x, pivot=False),
        lambda m, x: m.lu(x, pivot=False),
    ):
        agree(call, [RNG.standard_normal((3, 3))])
