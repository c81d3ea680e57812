"""The gradients of convolutions as functions: PyTorch's."""

import importlib

import pytest

from tests.draws import draws
from tests.referee import agree

CASES = [(1, {}), (1, {"stride": 2, "padding": 1}), (2, {"groups": 2, "dilation": 2}), (3, {"padding": 1})]


@pytest.mark.parametrize(("n", "options"), CASES)
def test_gradients_of_convolutions(n, options):
    rng = draws([n, len(options)])
    x, weight = (
        rng.standard_normal((2, 4, *[7] * n)),
        rng.standard_normal((6, 4 // options.get("groups", 1), *[3] * n)),
    )

    def gradients(lib, x, weight):
        grad = importlib.import_module(f"{lib.__name__}.nn.grad")
        out = getattr(lib.nn.functional, f"conv{n}d")(x, weight, **options)
        g = lib.cos(out)
        return (
            getattr(grad, f"conv{n}d_input")(x.shape, weight, g, **options),
            getattr(grad, f"conv{n}d_weight")(x, weight.shape, g, **options),
        )

    agree(gradients, [x, weight], tolerance=1e-8)
