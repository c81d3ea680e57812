"""Rows of linear algebra and of layers with complex numbers, each against PyTorch.

Of eigenvectors and singular vectors only what does not depend on their phases has a gradient.
"""

import importlib
import math

from ...nn.hooks import boundary
from ...ops.spatial.convolution import convolution_weight
from . import Complex, Real, Sample
from .complex import in_both, layer, named


def linalg(name, **settings):
    return named(f"linalg.{name}", **settings)


def _hermitian(m, x):
    return x @ x.mH + 2 * m.eye(x.shape[-1], dtype=x.dtype)


def _of_vectors(values, first, *others):
    """What does not depend on the phases of the vectors, which are columns."""
    last = (first, *others)[-1]
    return (values, *(v.abs() for v in (first, *others)), first[..., :1] @ last[..., :1].mH)


def _svd(m, x):
    U, S, Vh = m.linalg.svd(x, full_matrices=False)
    return _of_vectors(S, U, Vh.mH)


def _eigh(m, x):
    return _of_vectors(*m.linalg.eigh(_hermitian(m, x)))


def _eig(m, x):
    values, vectors = m.linalg.eig(x)
    return (values**2).sum(), vectors.abs() @ values.abs()  # sums over all: they are in no order


def _lu_solved(left, adjoint):
    return lambda m, A, B: m.linalg.lu_solve(*m.linalg.lu_factor(A), B, left=left, adjoint=adjoint)


PRODUCTS = [
    *(
        in_both("matmul", lambda m, x, y: x @ y, *shapes, note=f"{shapes[0]} @ {shapes[1]}")
        for shapes in [((2, 3), (3, 2)), ((3,), (3,)), ((2, 3), (3,)), ((2,), (2, 3)), ((2, 2, 3), (3, 2))]
    ),
    in_both("matmul", named("bmm"), (2, 2, 3), (2, 3, 2), note="bmm"),
    in_both("matmul", named("dot"), (3,), (3,), note="dot"),
    in_both("matmul", named("vdot"), (3,), (3,), note="vdot"),
    in_both("sum", linalg("vecdot"), (2, 3), (2, 3), note="vecdot"),
    in_both("matmul", named("inner"), (2, 3), (3,), note="inner"),
    in_both("mul", named("outer"), (2,), (3,), note="outer"),
    in_both("mul", named("kron"), (2, 2), (2, 2), note="kron"),
    in_both("sub", linalg("cross"), (2, 3), (2, 3), note="cross"),
    in_both("matmul", lambda m, x, y: m.einsum("ij,kj->ik", x, y), (2, 3), (2, 3), note="einsum"),
    in_both("matmul", lambda m, x, y: m.tensordot(x, y, 1), (2, 3), (3, 2), note="tensordot"),
    in_both("matmul", named("addmm", beta=2j, alpha=3j), (2,), (2, 3), (3, 2), note="addmm"),
    in_both("matmul", lambda m, *x: m.linalg.multi_dot(x), (2, 3), (3, 2), (2, 3), note="multi_dot"),
    in_both("matmul", named("matrix_exp"), (3, 3), note="exponential"),
    in_both("matmul", lambda m, x: m.linalg.matrix_power(x, -2), (3, 3), note="power"),
]

SOLVED = [
    in_both("inv", linalg("inv"), (3, 3)),
    in_both("solve", linalg("solve"), (3, 3), (3, 2)),
    in_both("solve", linalg("solve", left=False), (3, 3), (2, 3), note="from the right"),
    in_both("solve_triangular", linalg("solve_triangular", upper=True), (3, 3), (3, 2)),
    in_both("det", linalg("det"), (2, 3, 3)),
    in_both("slogdet", linalg("slogdet"), (2, 3, 3)),
    in_both("slogdet", named("logdet"), (3, 3), note="logdet"),
    in_both("lu", lambda m, x: m.linalg.lu(x)[1:], (3, 3)),
    in_both("lu", lambda m, x: m.linalg.lu(x)[1:], (2, 3), note="of a wide matrix"),
    *(
        in_both("lu", _lu_solved(left, adjoint), (3, 3), (3, 3), note=f"solved {left=} {adjoint=}")
        for left in (True, False)
        for adjoint in (True, False)
    ),
    in_both("pinv", linalg("pinv"), (3, 2)),
    in_both("pinv", lambda m, x: m.linalg.pinv(_hermitian(m, x), hermitian=True), (2, 2), note="Hermitian"),
    in_both("pinv", lambda m, *x: m.linalg.lstsq(*x, driver="gels")[:2], (4, 2), (4, 2), note="lstsq"),
]

FACTORED = [
    *(
        in_both("cholesky", lambda m, x, u=u: m.linalg.cholesky(_hermitian(m, x), upper=u), (3, 3), note=note)
        for u, note in ((False, "lower"), (True, "upper"))
    ),
    in_both(
        "cholesky_solve",
        lambda m, B, x: m.cholesky_solve(B, m.linalg.cholesky(_hermitian(m, x))),
        (3, 2),
        (3, 3),
        note="solved",
    ),
    *(in_both("qr", linalg("qr"), shape, note=f"{shape}") for shape in ((4, 3), (3, 3), (2, 3))),
    *(in_both("svd", _svd, shape, note=f"{shape}") for shape in ((4, 3), (3, 3), (2, 3))),
    in_both("svdvals", linalg("svdvals"), (3, 2)),
    in_both("svdvals", linalg("cond"), (3, 3), note="condition"),
    *(
        in_both("svdvals", linalg("matrix_norm", ord=order), (2, 3), note=f"norm {order}")
        for order in ("nuc", 2, -2)
    ),
    *(
        in_both("vector_norm", linalg("matrix_norm", ord=order), (2, 3), note=f"of a matrix {order}")
        for order in ("fro", 1, -math.inf)
    ),
    in_both("eigh", _eigh, (3, 3)),
    in_both("eigvalsh", lambda m, x: m.linalg.eigvalsh(_hermitian(m, x)), (3, 3)),
    in_both("eig", _eig, (3, 3)),
    in_both("eig", _eig, Real((3, 3)), note="of real numbers"),
    in_both("eigvals", lambda m, x: (m.linalg.eigvals(x) ** 3).sum(), (3, 3)),
    in_both("eigvals", lambda m, x: (m.linalg.eigvals(x) ** 3).sum(), Real((3, 3)), note="of real numbers"),
    in_both("sub", linalg("householder_product"), (4, 3), (2,), note="householder_product"),
]

STEPS = {"stride": (2,), "padding": ((1, 1),), "dilation": (1,), "groups": 1}


def _of_the_weight(x, g):
    """PyTorch's own gradient, which takes the conjugate of ``x``."""
    torch = importlib.import_module("torch")
    weight = torch.zeros(3, 2, 3, dtype=g.dtype, requires_grad=True)
    torch.nn.functional.conv1d(x.conj(), weight, stride=2, padding=1).backward(g)
    return weight.grad


LAYERS = [
    Sample(
        "convolution_weight",
        lambda x, g: convolution_weight(x, g, kernel=(3,), **STEPS),
        (Complex((2, 2, 5)), Complex((2, 3, 3))),
        torch=_of_the_weight,
        note="complex",
        tolerance=2e-4,
    ),
    Sample(
        "boundary",
        lambda x, y: boundary(x, y, on_gradient=lambda g: g),
        (Complex((3,)), Complex((2,))),
        lambda x, y: (x, y),
        note="complex",
    ),
    in_both("linear", layer("linear"), (2, 2, 3), (2, 3), (2,)),
    in_both("linear", layer("linear"), (2, 3), (2, 3), note="without a bias"),
    in_both("convolution", layer("conv1d", padding=1), (2, 2, 4), (3, 2, 3), (3,)),
    in_both("convolution", layer("conv2d", stride=2), (1, 2, 5, 4), (2, 2, 3, 2), note="with steps"),
    in_both("convolution", layer("conv2d", groups=2), (1, 2, 3, 3), (2, 1, 3, 2), note="in groups"),
    in_both("convolution_input", layer("conv_transpose1d", stride=2), (1, 2, 3), (2, 2, 3), (2,)),
]

ROWS = PRODUCTS + SOLVED + FACTORED + LAYERS
