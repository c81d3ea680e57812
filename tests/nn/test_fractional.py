"""Fractional max pooling, as in PyTorch."""

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import compare, same_error

RNG = draws(0)

CASES = [
    (2, (2, 3, 9, 7), {"kernel_size": 2, "output_size": (4, 3)}),
    (2, (3, 9, 7), {"kernel_size": (3, 2), "output_size": 1}),
    (2, (2, 3, 9, 8), {"kernel_size": 2, "output_ratio": (0.7, 0.5)}),
    (3, (2, 2, 7, 8, 6), {"kernel_size": 2, "output_size": (4, 3, 4)}),
    (3, (2, 7, 8, 6), {"kernel_size": (1, 2, 3), "output_ratio": 0.5}),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("nd", "shape", "settings"), CASES)
def test_fractional_max_pool(nd, shape, settings, dtype):
    samples = RNG.random((*((1, shape[0]) if len(shape) == nd + 1 else shape[:2]), nd))

    def call(lib, x):
        u = lib.tensor(samples.astype(dtype))
        function = getattr(lib.nn.functional, f"fractional_max_pool{nd}d")
        layer = getattr(lib.nn, f"FractionalMaxPool{nd}d")(return_indices=True, _random_samples=u, **settings)
        return function(x, _random_samples=u, **settings), layer(x)

    compare(call, [RNG.standard_normal(shape)], dtype)


@pytest.mark.parametrize("nd", [1, 2, 3])
def test_names_that_say_that_indices_come_too(nd):
    x = RNG.standard_normal((2, 3, *(6, 5, 4)[:nd]))
    compare(lambda lib, x: getattr(lib.nn.functional, f"max_pool{nd}d_with_indices")(x, 2, padding=1), [x])
    compare(lambda lib, x: getattr(lib.nn.functional, f"adaptive_max_pool{nd}d_with_indices")(x, 3), [x])


def test_at_random_places():
    x = mytorch.randn(2, 3, 9, 9)
    out, indices = mytorch.nn.functional.fractional_max_pool2d_with_indices(x, 2, output_ratio=0.6)
    assert out.shape == (2, 3, 5, 5)
    np.testing.assert_array_equal(
        out.array.reshape(2, 3, -1),
        np.take_along_axis(x.array.reshape(2, 3, -1), indices.array.reshape(2, 3, -1), -1),
    )


def test_refused():
    x = RNG.standard_normal((1, 1, 5, 5))
    same_error(lambda lib, x: lib.nn.functional.fractional_max_pool2d(x, 2), x)
    same_error(lambda lib, x: lib.nn.functional.fractional_max_pool2d(x, 4, (4, 4)), x, match="too large")
    same_error(
        lambda lib, x: lib.nn.functional.fractional_max_pool3d(x, 2, 4),
        x[..., None].repeat(5, -1),
        match="too large",
    )
    for settings in ({}, {"output_size": 2, "output_ratio": 0.5}, {"output_ratio": 1.5}):
        same_error(lambda lib, settings=settings: lib.nn.FractionalMaxPool2d(2, **settings))
