"""Products and factorizations against PyTorch: values, gradients, dtypes, shapes, and what has to be
refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mytorch
from tests.draws import draws
from tests.referee import agree, live, torch

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")

TIGHT = 2e-5


def arrays(*shapes, dtype="float32", seed=0):
    rng = draws(seed)
    return [
        rng.standard_normal(s).astype(dtype)
        if dtype.startswith("f")
        else rng.integers(-3, 4, s).astype(dtype)
        for s in shapes
    ]


# ---- products ------------------------------------------------------------------------------------

SHAPES = [
    (),
    (3,),
    (4,),
    (2, 3),
    (3, 4),
    (4, 3),
    (4, 4),
    (1, 4),
    (0, 3),
    (3, 0),
    (5, 3, 4),
    (5, 4, 3),
    (1, 4, 2),
    (2, 1, 3, 4),
    (5, 4, 0),
    (0, 4, 3),
    (2, 5, 4, 2),
]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
@pytest.mark.parametrize("a", SHAPES, ids=str)
def test_matmul(a, dtype):
    for b in SHAPES:
        agree(lambda m, x, y: x @ y, arrays(a, b, dtype=dtype), f"{a} @ {b}", tolerance=TIGHT)


TWO = {
    "mm": [(3, 4), (4, 2)],
    "bmm": [(2, 3, 4), (2, 4, 5)],
    "mv": [(3, 4), (4,)],
    "dot": [(4,), (4,)],
    "vdot": [(4,), (4,)],
    "inner": [(3, 4), (2, 4)],
    "outer": [(3,), (4,)],
    "ger": [(3,), (4,)],
    "kron": [(2, 3), (4,)],
    "cross": [(4, 3), (4, 3)],
    "tensordot": [(2, 3, 4), (3, 4, 5)],
}
ODD = [(), (3,), (0,), (3, 4), (4, 4), (0, 4), (2, 3, 4), (3, 4, 4), (3, 4, 5)]


@pytest.mark.parametrize("name", TWO)
def test_two_arguments(name):
    agree(lambda m, x, y: getattr(m, name)(x, y), arrays(*TWO[name]), name, tolerance=TIGHT)
    agree(lambda m, x, y: getattr(m, name)(x, y), arrays(*TWO[name], dtype="int64"), name)
    for a in ODD:
        for b in ODD:
            if name == "mv" and a == ():
                continue  # torch stumbles over its own check
            agree(lambda m, x, y: getattr(m, name)(x, y), arrays(a, b), f"{name} {a} {b}", tolerance=TIGHT)


@pytest.mark.parametrize("name", ["mm", "dot", "mv", "outer", "matmul", "bmm"])
@pytest.mark.parametrize(
    "kinds",
    [
        ("float32", "float64"),
        ("int64", "float32"),
        ("bool", "bool"),
        ("float16", "float16"),
        ("int32", "int32"),
    ],
    ids=str,
)
def test_mixed_dtypes(name, kinds):
    x, y = (np.ones(s).astype(k) for s, k in zip({"matmul": [(3, 4), (4, 2)]}.get(name) or TWO[name], kinds))
    agree(lambda m, x, y: getattr(m, name)(x, y), [x, y], f"{name} {kinds}", gradient=False)


SUMS = {
    "addmm": [(3, 4), (4, 2), (3, 2)],
    "addmv": [(3, 4), (4,), (3,)],
    "addr": [(3,), (4,), (3, 4)],
    "addbmm": [(2, 3, 4), (2, 4, 5), (3, 5)],
    "baddbmm": [(2, 3, 4), (2, 4, 5), (2, 3, 5)],
}


@pytest.mark.parametrize("beta, alpha", [(1, 1), (0.5, 2), (0, 1), (0, 3), (2, 0)])
@pytest.mark.parametrize("name", SUMS)
def test_sums_of_products(name, beta, alpha):
    a, b, whole = SUMS[name]
    for shape in (whole, (), (1,), whole[-1:], (2, 2), (1, *whole), (*whole[:-1], 1)):
        agree(
            lambda m, z, x, y: getattr(m, name)(z, x, y, beta=beta, alpha=alpha),
            arrays(shape, a, b),
            f"{name} {shape}",
            tolerance=TIGHT,
        )


@pytest.mark.parametrize("name", SUMS)
def test_sums_of_products_in_place(name):
    a, b, whole = SUMS[name]
    agree(
        lambda m, z, x, y: getattr(z * 1, name + "_")(x, y, beta=0.5),
        arrays(whole, a, b),
        name,
        tolerance=TIGHT,
    )


@pytest.mark.parametrize("beta, alpha", [(0, 1), (1, 0), (0, 0), (0.0, 0.0), (2, 3)])
@pytest.mark.parametrize("name", SUMS)
def test_what_factors_of_zero_ignore(name, beta, alpha):
    a, b, whole = SUMS[name]
    for place in range(3):
        for value in (np.nan, np.inf):
            values = [np.abs(x) for x in arrays(whole, a, b)]
            values[place][...] = value
            agree(
                lambda m, z, x, y: getattr(m, name)(z, x, y, beta=beta, alpha=alpha),
                values,
                f"{name} {place} {value}",
                tolerance=TIGHT,
            )


def test_other_products():
    for shapes in [
        [(2, 3), (3, 4), (4, 5)],
        [(3,), (3, 4), (4,)],
        [(10, 100), (100, 5), (5, 50)],
        [(3,), (3,)],
        [(2, 3), (4, 5)],
        [(2, 2)],
        [(2, 3, 4), (4, 5)],
    ]:
        agree(lambda m, *xs: m.linalg.multi_dot(xs), arrays(*shapes), str(shapes), tolerance=5e-5)
    agree(lambda m, *xs: m.chain_matmul(*xs), arrays((2, 3), (3, 4), (4, 5)), tolerance=TIGHT)
    for n in (0, 1, 2, 3, 5, -1, -2, 2.0):
        agree(
            lambda m, x: m.linalg.matrix_power(x + 2 * m.eye(3), n),
            arrays((2, 3, 3)),
            f"power {n}",
            tolerance=3e-4,
        )
    agree(lambda m, x: m.linalg.matrix_power(x, 2), arrays((2, 3)))
    for shapes in [((4, 3), (4, 3)), ((2, 1, 3), (4, 3)), ((3,), (3,)), ((4, 4), (4, 4)), ((1, 3), (5, 3))]:
        agree(lambda m, x, y: m.linalg.cross(x, y), arrays(*shapes), str(shapes), tolerance=TIGHT)
    agree(lambda m, x, y: m.cross(x, y, dim=0), arrays((3, 4), (3, 4)), tolerance=TIGHT)
    agree(lambda m, x, y: m.linalg.vecdot(x, y), arrays((3, 4), (3, 4)), tolerance=TIGHT)
    agree(lambda m, x: m.linalg.vander(x, N=4), arrays((2, 3)), tolerance=TIGHT)


@pytest.mark.parametrize(
    "dims",
    [
        0,
        1,
        2,
        3,
        4,
        -1,
        ([1], [0]),
        ([0, 1], [1, 0]),
        ([2, 0], [0, 2]),
        ([-1], [-1]),
        ([0], [0, 1]),
        ([5], [0]),
    ],
    ids=str,
)
def test_tensordot(dims):
    for shapes in [((2, 3, 4), (3, 2, 4)), ((3, 3, 3), (3, 3, 3)), ((2, 1, 3), (1, 4, 2))]:
        agree(lambda m, x, y: m.tensordot(x, y, dims), arrays(*shapes), f"{shapes} {dims}", tolerance=TIGHT)


@pytest.mark.parametrize("p", [2.0, 1.0, 3.0, 0.0, float("inf")])
def test_cdist(p):
    for shapes in [
        ((3, 4), (2, 4)),
        ((5, 3, 4), (2, 4)),
        ((30, 3), (28, 3)),
        ((0, 3), (2, 3)),
        ((2, 3), (2, 4)),
        ((3,), (3,)),
    ]:
        agree(lambda m, x, y: m.cdist(x, y, p), arrays(*shapes), f"{shapes} {p}", tolerance=1e-4)
    agree(lambda m, x: m.cdist(x, x * 1, p), arrays((3, 4)), f"{p} to itself", tolerance=1e-4)


# ---- einsum --------------------------------------------------------------------------------------

EQUATIONS = {
    "ij,jk->ik": [(2, 3), (3, 4)],
    "ij,jk": [(2, 3), (3, 4)],
    "ij,kj->ki": [(2, 3), (4, 3)],
    "i,i->": [(3,), (3,)],
    "i,j->ij": [(3,), (4,)],
    "i,i->i": [(3,), (3,)],
    "ii->i": [(3, 3)],
    "ii": [(3, 3)],
    "ij->ji": [(2, 3)],
    "ij->": [(2, 3)],
    "ij->j": [(2, 3)],
    "ij": [(2, 3)],
    "ba": [(2, 3)],
    "iji->j": [(3, 2, 3)],
    "iii->i": [(3, 3, 3)],
    "bij,bjk->bik": [(5, 2, 3), (5, 3, 4)],
    "bhid,bhjd->bhij": [(2, 3, 4, 5), (2, 3, 6, 5)],
    "bn,anm,bm->ba": [(2, 3), (4, 3, 5), (2, 5)],
    "...ij,...jk->...ik": [(2, 1, 3, 4), (5, 4, 2)],
    "...ij->...ji": [(4, 2, 3)],
    "i...->...": [(2, 3, 4)],
    "...i,...i->...": [(4, 3), (3,)],
    "i...i": [(3, 2, 3)],
    "i->i...": [(3,)],
    "...->...": [(2, 3)],
    "ij,j...->i...": [(2, 3), (3, 4, 5)],
    "ij,ij->ij": [(2, 3), (2, 1)],
    "ij,ij->": [(2, 3), (1, 3)],
    "ij,jk->ik ": [(2, 1), (3, 4)],
    "ij,jk,kl->il": [(2, 3), (3, 4), (4, 5)],
    "ij,jk,kl,lm->im": [(2, 3), (3, 4), (4, 5), (5, 2)],
    "i,ij,j->": [(3,), (3, 4), (4,)],
    "ab,cd,ef->acf": [(2, 3), (4, 2), (3, 5)],
    "ea,fb,abcd,gc,hd->efgh": [(2, 2), (2, 3), (2, 3, 2, 4), (3, 2), (2, 4)],
    " i j , j -> i ": [(2, 3), (3,)],
    "bA,Ab": [(2, 3), (3, 2)],
    "": [()],
    ",i->i": [(), (3,)],
    "i,->i": [(3,), ()],
    ",": [(), ()],
    "ij,jk-> ki": [(0, 3), (3, 4)],
    "ij,jk->ik  ": [(2, 0), (0, 4)],
    "ii,i->i": [(3, 3), (3,)],
    "ij,k->i": [(2, 3), (4,)],
    "i,i,i->i": [(3,), (3,), (3,)],
    "ik,jk,lk->ijl": [(2, 5), (3, 5), (4, 5)],
    "bhwi,hkc,bhwk->bhwc": [(2, 3, 4, 5), (3, 2, 6), (2, 3, 4, 2)],
    # refused
    "ij,jk->ikx": [(2, 3), (3, 4)],
    "ij,jk->iik": [(2, 3), (3, 4)],
    "ij ": [(2, 3), (3, 4)],
    "ij, jk": [(2, 3)],
    "ijk": [(2, 3)],
    "i1": [(2, 3)],
    "ii ": [(2, 3)],
    " ij,jk": [(2, 3), (4, 4)],
    "i. ..j": [(2, 3)],
    "ab->ba->": [(2, 3)],
    "..i": [(2, 3)],
    "...i...": [(2, 3)],
    "ijk...": [(2, 3)],
    "i-j": [(2, 3)],
    "i->j": [(3,)],
    "ij->...": [(2, 3)],
}


@pytest.mark.parametrize("equation", EQUATIONS)
def test_einsum(equation):
    agree(lambda m, *xs: m.einsum(equation, *xs), arrays(*EQUATIONS[equation]), equation, tolerance=TIGHT)


def test_einsum_with_lists():
    agree(lambda m, x, y: m.einsum(x, [0, 1], y, [1, 2], [0, 2]), arrays((2, 3), (3, 4)), tolerance=TIGHT)
    agree(lambda m, x, y: m.einsum(x, [0, 1], y, [1, 2]), arrays((2, 3), (3, 4)), tolerance=TIGHT)
    agree(
        lambda m, x, y: m.einsum(x, [..., 0], y, [0, 30], [..., 30]),
        arrays((5, 2, 3), (3, 4)),
        tolerance=TIGHT,
    )
    agree(lambda m, x, y: m.einsum("ij,jk", [x, y]), arrays((2, 3), (3, 4)), tolerance=TIGHT)
    agree(lambda m, x: m.einsum(x, [0, 52]), arrays((2, 3)))


def test_einsum_of_integers_and_other_layouts():
    agree(lambda m, x, y: m.einsum("ij,kj->ik", x, y), arrays((2, 3), (4, 3), dtype="int64"))
    agree(
        lambda m, x, y: m.einsum("ji,jk->ik", x[::2], y.T),
        [arrays((6, 2))[0], arrays((4, 3))[0]],
        tolerance=TIGHT,
    )


@st.composite
def equations(draw):
    sizes = dict(zip("abcde", draw(st.lists(st.integers(0, 3), min_size=5, max_size=5))))
    inputs = draw(st.lists(st.lists(st.sampled_from("abcde"), max_size=4), min_size=1, max_size=4))
    known = sorted({letter for labels in inputs for letter in labels})
    output = draw(st.permutations(known))[: draw(st.integers(0, len(known)))] if known else []
    equation = ",".join("".join(labels) for labels in inputs)
    return (equation if draw(st.booleans()) else equation + "->" + "".join(output)), [
        tuple(sizes[c] for c in labels) for labels in inputs
    ]


@live
@settings(max_examples=150, deadline=None)
@given(equations())
def test_random_einsum(case):
    equation, shapes = case
    agree(
        lambda m, *xs: m.einsum(equation, *xs),
        arrays(*shapes, dtype="float64"),
        f"{equation} {shapes}",
        tolerance=1e-9,
    )


# ---- factorizations ------------------------------------------------------------------------------


def plus_eye(m, x):
    return x + 2.5 * m.eye(x.shape[-1], dtype=x.dtype)


def definite(m, x):
    return x @ x.mT + m.eye(x.shape[-2], dtype=x.dtype)


def functions_of_svd(m, x, full):
    U, S, Vh = m.linalg.svd(x, full)
    k = S.shape[-1]
    return U[..., :k] * S[..., None, :] @ Vh[..., :k, :], S, (U[..., :k] * U[..., :k]).detach()


FUNCTIONS = {
    "inv": (lambda m, x: m.linalg.inv(plus_eye(m, x)), "square"),
    "Tensor.inverse": (lambda m, x: plus_eye(m, x).inverse(), "square"),
    "det": (lambda m, x: m.linalg.det(plus_eye(m, x)), "square"),
    "slogdet": (lambda m, x: m.linalg.slogdet(plus_eye(m, x)), "square"),
    "torch.slogdet": (lambda m, x: m.slogdet(plus_eye(m, x)).logabsdet, "square"),
    "logdet": (lambda m, x: m.logdet(plus_eye(m, x)), "square"),
    "cholesky": (lambda m, x: m.linalg.cholesky(definite(m, x)), "square"),
    "cholesky upper": (lambda m, x: m.linalg.cholesky(definite(m, x), upper=True), "square"),
    "qr": (lambda m, x: m.linalg.qr(x), "any"),
    "qr names": (lambda m, x: (m.linalg.qr(x).Q, m.linalg.qr(x).R), "any"),
    "qr complete": (lambda m, x: tuple(r.detach() for r in m.linalg.qr(x, "complete")), "any"),
    "qr r": (lambda m, x: tuple(r.detach() for r in m.linalg.qr(x.detach(), mode="r")), "any"),
    "svd": (lambda m, x: functions_of_svd(m, x, False), "any"),
    "svd full": (lambda m, x: tuple(r.shape for r in m.linalg.svd(x)), "any"),
    "svdvals": (lambda m, x: m.linalg.svdvals(x), "any"),
    "torch.svd": (lambda m, x: m.svd(x).S, "any"),
    "eigvalsh": (lambda m, x: m.linalg.eigvalsh(definite(m, x)), "square"),
    "eigh": (lambda m, x: m.linalg.eigh(definite(m, x)).eigenvectors ** 2, "square"),
    "eigh upper": (lambda m, x: m.linalg.eigh(x.detach(), UPLO="U").eigenvalues, "square"),
    "eigh lower": (lambda m, x: m.linalg.eigh(x.detach())[0], "square"),
    "pinv": (lambda m, x: m.linalg.pinv(x), "any"),
    "pinv rtol": (lambda m, x: m.linalg.pinv(x.detach(), rtol=0.5), "any"),
    "pinverse": (lambda m, x: m.pinverse(x), "any"),
    "matrix_rank": (lambda m, x: m.linalg.matrix_rank(x.detach()), "any"),
    "matrix_power": (lambda m, x: m.linalg.matrix_power(plus_eye(m, x), 3), "square"),
    "cond": (lambda m, x: m.linalg.cond(plus_eye(m, x)), "square"),
    "cond 1": (lambda m, x: m.linalg.cond(plus_eye(m, x.detach()), 1), "square"),
    "lstsq": (lambda m, x: m.linalg.lstsq(x, x.detach()[..., :1] * 2 + 1).solution, "any"),
    "diagonal": (lambda m, x: m.linalg.diagonal(x), "any"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_of_a_matrix(name):
    call, kind = FUNCTIONS[name]
    shapes = [(3, 3), (2, 3, 3), (1, 1), (2, 2, 4, 4), (0, 3, 3)] + (
        [(4, 3), (2, 3, 4), (1, 3)] if kind == "any" else [(0, 0)]
    )
    for shape in shapes:
        if name in ("cond", "cond 1", "lstsq") and 0 in shape:
            continue
        for dtype in ("float32", "float64"):
            agree(
                call,
                arrays(shape, dtype=dtype, seed=3),
                f"{name} {shape}",
                tolerance=2e-3 if dtype == "float32" else 1e-9,
            )


BARE = {
    name: lambda m, x, f=name: getattr(m.linalg, f)(x)
    for name in ("inv", "det", "slogdet", "cholesky", "qr", "svd", "svdvals", "eigh", "eigvalsh", "pinv")
}


@pytest.mark.parametrize("name", BARE)
def test_refused(name):
    for x in (
        np.ones(3, "float32"),
        np.ones((3, 4), "float32"),
        np.ones((3, 3), "int64"),
        np.ones((3, 3), "float16"),
        np.float32(1),
    ):
        if name in ("qr", "svd", "svdvals", "pinv") and x.shape == (3, 4):
            continue
        agree(BARE[name], [x], f"{name} {x.dtype}{x.shape}")


def test_singular_matrices_are_refused():
    for call in (
        lambda m, x: m.linalg.inv(x),
        lambda m, x: m.linalg.solve(x, x),
        lambda m, x: m.linalg.cholesky(-x),
        lambda m, x: m.linalg.svd(x * float("nan")),
    ):
        with pytest.raises(RuntimeError):
            call(torch, torch.ones(3, 3))
        with pytest.raises(mytorch.linalg.LinAlgError):
            call(mytorch, mytorch.ones(3, 3))


def test_the_gradient_of_a_singular_determinant_is_its_cofactors():
    for x in (
        np.zeros((1, 1)),
        np.ones((2, 2)),
        np.ones((3, 3)),
        np.diag([1.0, 2, 0]),
        np.arange(9.0).reshape(3, 3),
        np.zeros((3, 3)),
    ):
        n = len(x)
        minors = [
            [np.linalg.det(np.delete(np.delete(x, i, 0), j, 1)) * (-1) ** (i + j) for j in range(n)]
            for i in range(n)
        ]
        t = mytorch.tensor(x, requires_grad=True)
        mytorch.linalg.det(t).backward()
        np.testing.assert_allclose(t.grad.numpy(), minors, atol=1e-12)


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


def test_exponentials_and_what_follows_from_a_cholesky_factor():
    for scale in (0.01, 1, 10):
        for shape in [(3, 3), (2, 4, 4), (1, 1), (0, 0)]:
            agree(
                lambda m, x: m.linalg.matrix_exp(x * scale),
                arrays(shape, dtype="float64"),
                f"{scale} {shape}",
                tolerance=1e-8 * 10**scale,
            )
    for upper in (False, True):
        agree(
            lambda m, x, y: m.cholesky_solve(y, m.linalg.cholesky(definite(m, x), upper=upper), upper),
            arrays((3, 3), (3, 2), dtype="float64"),
            tolerance=1e-8,
        )
        agree(
            lambda m, x: m.cholesky_inverse(m.linalg.cholesky(definite(m, x), upper=upper), upper),
            arrays((3, 3), dtype="float64"),
            tolerance=1e-8,
        )
    agree(lambda m, x: m.linalg.matrix_exp(x), arrays((3, 4)))


def test_lstsq():
    for a, b in [
        ((5, 3), (5, 2)),
        ((5, 3), (5,)),
        ((3, 5), (3, 2)),
        ((2, 5, 3), (2, 5, 2)),
        ((5, 3), (4, 2)),
        ((3,), (3,)),
    ]:
        agree(
            lambda m, x, y: tuple(r.detach() for r in m.linalg.lstsq(x, y)),
            arrays(a, b, dtype="float64"),
            f"{a} {b}",
            tolerance=1e-8,
        )
        agree(
            lambda m, x, y: m.linalg.lstsq(x, y).solution,
            arrays(a, b, dtype="float64"),
            f"{a} {b}",
            tolerance=1e-8,
        )


NORMS = [None, 2, 1, 0, 3, 0.5, -1, -2, float("inf"), -float("inf"), "fro", "nuc", "other"]


@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("ord", NORMS, ids=str)
def test_norms(ord, keepdim):
    for shape, dims in [
        ((4,), [None, 0]),
        ((3, 4), [None, 0, -1, (0, 1), (1, 0)]),
        ((2, 3, 4), [None, 1, (0, 2), (2, 1), (0, 0), (0, 1, 2)]),
        ((), [None]),
    ]:
        for dim in dims:
            where = f"norm {shape} {ord} {dim}"
            agree(
                lambda m, x: m.linalg.norm(x, ord, dim, keepdim),
                arrays(shape, dtype="float64"),
                where,
                ord != 0,
                tolerance=1e-8,
            )
            if dim is not None and not isinstance(dim, int) and ord is not None:
                agree(
                    lambda m, x: m.linalg.matrix_norm(x, ord, dim, keepdim),
                    arrays(shape, dtype="float64"),
                    "matrix_" + where,
                    tolerance=1e-8,
                )
            if not isinstance(ord, str) and ord is not None:
                agree(
                    lambda m, x: m.linalg.vector_norm(x, ord, dim, keepdim),
                    arrays(shape, dtype="float64"),
                    "vector_" + where,
                    ord != 0,
                    tolerance=1e-8,
                )
    agree(lambda m, x: m.linalg.matrix_norm(x), arrays((2, 3, 4), dtype="float64"), tolerance=1e-9)


# Matrices that no kernel of any BLAS has to round.
SINGULAR = {
    "a row": np.diag([2.0, 0]),
    "zeros": np.zeros((2, 2)),
    "a batch": np.stack([np.diag([2.0, 0]), np.eye(2), np.zeros((2, 2))]),
}
EQUAL = {
    "identity": np.eye(3),
    "zeros": np.zeros((2, 2)),
    "exchange": np.eye(2)[[1, 0]],
    "tall": np.eye(3)[:, :2],
    "a batch": np.stack([np.eye(2)] * 2),
}


@pytest.mark.parametrize("name", SINGULAR)
def test_gradients_of_singular_matrices_are_infinite(name):
    A = SINGULAR[name]
    for call in (
        lambda m, x: m.linalg.lu(x)[2],
        lambda m, x: m.linalg.inv_ex(x).inverse,
        lambda m, x: m.linalg.qr(x).R,
        lambda m, x: m.linalg.solve_triangular(x, m.ones(2, 1, dtype=x.dtype), upper=True),
    ):
        agree(call, [A])
    agree(lambda m, x: m.linalg.slogdet(x), [A], gradient=False)
    x = mytorch.tensor(A, requires_grad=True)
    mytorch.linalg.slogdet(x).logabsdet.sum().backward()
    assert not np.isfinite(x.grad.array).all()
    if A.ndim > 2:
        np.testing.assert_allclose(x.grad.array[1], np.eye(2))


@pytest.mark.parametrize("name", EQUAL)
def test_values_that_are_equal_have_gradients_unless_their_vectors_are_read(name):
    A = EQUAL[name]
    agree(lambda m, x: m.linalg.svd(x, full_matrices=False).S, [A])
    agree(lambda m, x: m.linalg.svd(x).S * 2, [A])
    if A.shape[-1] == A.shape[-2]:
        agree(lambda m, x: m.linalg.eigh(x).eigenvalues, [A])
    if name == "identity":
        agree(lambda m, x: m.linalg.eigh(x).eigenvectors.abs(), [A])


def test_matrices_of_no_numbers():
    for value in (np.nan, np.inf):
        with pytest.raises(mytorch.linalg.LinAlgError):
            mytorch.linalg.cholesky(mytorch.full((2, 2), value))
        agree(lambda m, x: m.linalg.matrix_exp(x), [np.full((2, 2), value)])
        agree(lambda m, x: m.linalg.inv_ex(x).info, [np.full((2, 2), value)], gradient=False)
    agree(lambda m, x: m.linalg.lu_factor(x), [np.ones((2, 2))])


@pytest.mark.parametrize(
    "shape, dim", [((3, 2), None), ((2, 3, 4), (0, 2)), ((2, 3, 4), None), ((3,), None), ((2, 3), 1)]
)
@pytest.mark.parametrize("keepdim", [False, True])
def test_the_nuclear_norm_by_name(shape, dim, keepdim):
    x = arrays(shape, dtype="float64")
    agree(lambda m, x: x.norm("nuc", dim=dim, keepdim=keepdim), x, tolerance=1e-8)
    agree(lambda m, x: m.norm(x, "nuc", dim=dim, keepdim=keepdim), x, tolerance=1e-8)


def test_the_second_derivative_of_a_norm_at_zero_is_zero():
    for norm in (
        lambda x: mytorch.linalg.norm(x, dim=1),
        lambda x: x.norm(dim=1),
        lambda x: mytorch.linalg.matrix_norm(x),
    ):
        x = mytorch.zeros(2, 3, dtype=mytorch.float64, requires_grad=True)
        (slope,) = mytorch.autograd.grad(norm(x).sum(), x, create_graph=True)
        slope.sum().backward()
        assert not slope.array.any() and not x.grad.array.any()


@pytest.mark.parametrize("driver", [None, "gels", "gelsy", "gelsd", "gelss"])
@pytest.mark.parametrize(
    "a, b", [((5, 3), (5, 2)), ((3, 3), (3, 1)), ((3, 5), (3, 2)), ((2, 5, 3), (2, 5, 1))]
)
def test_what_lstsq_gives_besides_the_solution(driver, a, b):
    A, B = arrays(a, b, dtype="float64")
    agree(
        lambda m, a, b: list(m.linalg.lstsq(a, b, driver=driver))[1:], [A, B], tolerance=1e-8, gradient=False
    )


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize(
    "b, factor", [((3, 2), (3, 3)), ((2, 3, 2), (3, 3)), ((3, 2), (2, 3, 3)), ((0, 0), (0, 0))], ids=str
)
def test_the_gradient_of_a_cholesky_factor_fills_the_matrix(upper, b, factor):
    """As in PyTorch, also where the triangle that is not read holds other numbers; of second order too."""
    B, L = arrays(b, factor, dtype="float64")
    L = L + 3 * np.eye(factor[-1])
    for call, inputs in (
        (lambda m, x, y: m.cholesky_solve(x, y, upper=upper), [B, L]),
        (lambda m, y: m.cholesky_inverse(y, upper=upper), [L]),
    ):
        agree(call, inputs, tolerance=1e-9)
        found = []
        for m in (mytorch, torch):
            tensors = [m.tensor(x, requires_grad=True) for x in inputs]
            slopes = m.autograd.grad((call(m, *tensors) ** 2).sum(), tensors, create_graph=True)
            found.append(m.autograd.grad(sum((s**3).sum() for s in slopes), tensors))
        for mine, theirs in zip(*found):
            np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-8, atol=1e-9)


NUMBERS = [(1, 1), (3, 2), (0, 2), (2, 0), (0, 0), (True, True), (False, True), (0.5, 1), (1, 0.5)]


@pytest.mark.parametrize("beta, alpha", NUMBERS, ids=str)
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float32"])
def test_the_factors_of_addr(dtype, beta, alpha):
    x, v, w = (
        np.array([[1, 0], [0, 2]]).astype(dtype),
        np.array([1, 0]).astype(dtype),
        np.array([1, 3]).astype(dtype),
    )
    agree(lambda m, *a: m.addr(*a, beta=beta, alpha=alpha), [x, v, w])
