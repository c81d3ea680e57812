"""Special functions against PyTorch: values at the ends of their ranges, gradients, refusals."""

import numpy as np
import pytest

import mytorch
from tests.referee import agree

GRID = np.array(
    [
        -np.inf,
        -1000.3,
        -40.0,
        -3.0,
        -1.5,
        -1.0,
        -0.0,
        0.0,
        1e-10,
        0.3,
        0.5,
        1.0,
        2.5,
        30.0,
        1e5,
        np.inf,
        np.nan,
    ]
)


@pytest.mark.parametrize("name", ["i0", "i0e", "i1", "i1e", "erfcx", "log_ndtr", "ndtri"])
def test_at_the_ends(name):
    agree(lambda m, x: getattr(m.special, name)(x), [GRID], gradient=False, tolerance=1e-12)


@pytest.mark.parametrize("name", ["gammainc", "gammaincc", "zeta"])
def test_functions_of_two_at_the_ends(name):
    grid = GRID[2:15] if name == "zeta" else GRID[:-1]
    x, y = (a.ravel() for a in np.meshgrid(grid, grid))
    # torch is that exact for large arguments
    agree(lambda m, x, y: getattr(m.special, name)(x, y), [x, y], gradient=False, tolerance=1e-8)


@pytest.mark.parametrize("name", ["igamma", "igammac"])
def test_incomplete_gamma_has_a_gradient_in_its_second_argument(name):
    agree(lambda m, x: getattr(m, name)(m.tensor(GRID[8:13]), x), [GRID[8:13]], tolerance=1e-9)
    a = mytorch.ones(3, requires_grad=True)
    with pytest.raises(NotImplementedError, match="first argument"):
        getattr(mytorch, name)(a, mytorch.ones(3)).sum().backward()
    agree(lambda m, x: getattr(x, f"{name}_")(x), [GRID[8:13]], gradient=False, tolerance=1e-9)


def test_low_precision():
    x = np.linspace(0.1, 4, 30)
    for name in ("i0", "i1e", "erfcx", "log_ndtr"):
        for kind in ("float16", "float32")[name != "i0" :]:
            agree(lambda m, x, name=name: getattr(m.special, name)(x), [x.astype(kind)], gradient=False)
    agree(lambda m, x: m.special.i0(x), [np.arange(4)])
    agree(lambda m, x: m.igamma(x, x), [x.astype("float32")], gradient=False)


@pytest.mark.parametrize("name", ["erfc", "erfinv", "lgamma", "digamma"])
def test_complex_numbers_are_refused_not_cut(name):
    with pytest.raises(NotImplementedError, match="complex128"):
        getattr(mytorch, name)(mytorch.tensor([0.3 + 0.4j], dtype=mytorch.complex128))
