"""Histograms and counts, against PyTorch."""

import numpy as np
import pytest

from tests.draws import draws
from tests.referee import agree, agree_on

pytestmark = pytest.mark.filterwarnings("ignore")
X = draws(0).standard_normal((4, 5))


@pytest.mark.parametrize("density", [False, True])
def test_histogram(density):
    for kind in ("float32", "float64"):
        x = X.astype(kind)
        agree(lambda m, x: m.histogram(x, 6, density=density), [x], gradient=False, tolerance=1e-6)
        agree(
            lambda m, x: m.histogram(x, bins=6, range=(-1.0, 1.0), density=density),
            [x],
            gradient=False,
            tolerance=1e-6,
        )
        agree(
            lambda m, x, w: x.histogram(6, weight=w, density=density),
            [x, np.abs(x)],
            gradient=False,
            tolerance=1e-5,
        )
        agree(
            lambda m, x, e: m.histogram(x, e, density=density),
            [x, np.array([-1.0, 0.0, 0.5, 2.0], kind)],
            gradient=False,
            tolerance=1e-6,
        )
    agree(lambda m, x: m.histogram(x, 3), [np.ones(4)], gradient=False)
    agree(lambda m, x: m.histogram(x, 0), [X], gradient=False)
    agree(lambda m, x: m.histogram(x, 3), [np.arange(4)])


@pytest.mark.parametrize(
    ("x", "weights", "minlength"),
    [
        (np.array([1, 1, 3]), None, 0),
        (np.array([1, 1, 3]), np.array([1.0, 2, 3]), 0),
        (np.array([1, 1, 3]), np.array([1.0, 2, 3], "float32"), 6),
        (np.array([1, 3]), np.array([1, 2]), 0),
        (np.array([], "int64"), None, 3),
        (np.array([1, -1]), None, 0),
        (np.array([1.0]), None, 0),
        (np.array([[1]]), None, 0),
        (np.array([1]), None, -1),
        (np.array([1, 2]), np.array([1.0]), 0),
    ],
)
def test_bincount(x, weights, minlength):
    if weights is None:
        agree(lambda t, x: t.bincount(x, minlength=minlength), [x])
    else:
        agree(lambda t, x, w: t.bincount(x, w, minlength), [x, weights], gradient=False)


BITS = [[1.5, 2.0, -3.0], [0.25, 7.0, 9.0]]
HASHES = {
    "all": lambda lib, x: lib.hash_tensor(x),
    "rows": lambda lib, x: x.hash_tensor(1),
    "columns": lambda lib, x: lib.hash_tensor(x, 0, keepdim=True),
    "both": lambda lib, x: lib.hash_tensor(x, dim=(0, -1)),
    "no dimension": lambda lib, x: lib.hash_tensor(x[0, 0]),
    "no rows": lambda lib, x: lib.hash_tensor(x[:0]),
    "no rows, along them": lambda lib, x: lib.hash_tensor(x[:0], 0),
    "no rows, across": lambda lib, x: lib.hash_tensor(x[:, :0], 0),
    "mode": lambda lib, x: lib.hash_tensor(x, mode=1),
    "dim": lambda lib, x: lib.hash_tensor(x, 2),
    "complex": lambda lib, x: lib.hash_tensor(x * 1j),
}


@pytest.mark.parametrize("dtype", "float64 float32 float16 bfloat16 int64 int8 uint8 bool".split())
@pytest.mark.parametrize("name", HASHES)
def test_hash_tensor(name, dtype):
    agree_on(lambda lib: HASHES[name](lib, lib.tensor(BITS).to(getattr(lib, dtype))).tolist())
