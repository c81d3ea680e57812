"""Sums so far, of many numbers."""

import numpy as np
import pytest

import mytorch

pytestmark = pytest.mark.filterwarnings("ignore")


def test_cumsum_of_float32_keeps_its_digits():
    x = np.full(200_000, 0.1, "float32")
    np.testing.assert_allclose(mytorch.tensor(x).cumsum(0).numpy()[-1], x.astype("float64").sum(), rtol=1e-6)


@pytest.mark.parametrize(
    "shape, options", [((0,), {}), ((0,), {"dim": 0}), ((3, 0), {"dim": 1, "keepdim": True})]
)
def test_the_gradient_of_a_product_of_nothing_can_be_recorded(shape, options):
    x = mytorch.zeros(shape, requires_grad=True)
    (g,) = mytorch.autograd.grad(mytorch.prod(x, **options).sum(), x, create_graph=True)
    assert g.shape == shape
