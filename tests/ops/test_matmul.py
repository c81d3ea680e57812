"""Products against PyTorch: values, gradients, dtypes, shapes."""

import numpy as np
import pytest

from tests.draws import arrays
from tests.referee import agree

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")

TIGHT = 2e-5

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


# ---- factorizations ------------------------------------------------------------------------------

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
