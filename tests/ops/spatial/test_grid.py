"""Sampling at the points of a grid, and its gradients, as in PyTorch."""

import functools

import numpy as np
import pytest

import mytorch
from mytorch.autograd import gradcheck, gradgradcheck
from mytorch.nn import functional as F
from tests.draws import draws
from tests.referee import agree_on, torch

RNG = draws(0)

IMAGES = {2: RNG.standard_normal((2, 3, 4, 5)), 3: RNG.standard_normal((1, 2, 3, 4, 2))}

THETAS = {2: RNG.standard_normal((2, 2, 3)), 3: RNG.standard_normal((2, 3, 4))}

GRIDS = {2: RNG.uniform(-1.7, 1.7, (2, 3, 6, 2)), 3: RNG.uniform(-1.7, 1.7, (1, 2, 2, 3, 3))}


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("corners", [True, False])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_samples(ndim, corners, padding, mode):
    def scenario(t):
        x, grid = (t.tensor(a, requires_grad=True) for a in (IMAGES[ndim], GRIDS[ndim]))
        y = t.nn.functional.grid_sample(x, grid, mode, padding, corners)
        (y * y).sum().backward()
        return y, x.grad, None if mode == "nearest" else grid.grad

    agree_on(scenario)


@pytest.mark.parametrize("corners", [True, False])
@pytest.mark.parametrize("size", [(2, 3, 4, 5), (2, 1, 1, 3), (2, 1, 2, 3, 4)])
def test_affine_grids(size, corners):
    def scenario(t):
        n = len(size) - 2
        theta = t.tensor(THETAS[n], requires_grad=True)
        grid = t.nn.functional.affine_grid(theta, size, align_corners=corners)
        (grid**2).sum().backward()
        return grid, theta.grad

    agree_on(scenario)


REFUSED = {
    "mode": lambda t: t.nn.functional.grid_sample(t.ones(1, 1, 2, 2), t.ones(1, 2, 2, 2), mode="x"),
    "padding": lambda t: t.nn.functional.grid_sample(
        t.ones(1, 1, 2, 2), t.ones(1, 2, 2, 2), padding_mode="x"
    ),
    "batch": lambda t: t.nn.functional.grid_sample(t.ones(1, 1, 2, 2), t.ones(2, 2, 2, 2)),
    "coordinates": lambda t: t.nn.functional.grid_sample(t.ones(1, 1, 2, 2), t.ones(1, 2, 2, 3)),
    "dimensions": lambda t: t.nn.functional.grid_sample(t.ones(1, 2, 2), t.ones(1, 2, 2)),
    "dtypes": lambda t: t.nn.functional.grid_sample(t.ones(1, 1, 2, 2), t.ones(1, 2, 2, 2).double()),
    "matrix": lambda t: t.nn.functional.affine_grid(t.ones(1, 2, 2), (1, 1, 2, 2)),
    "integers": lambda t: t.nn.functional.affine_grid(t.ones(1, 2, 3).long(), (1, 1, 2, 2)),
    "nothing": lambda t: t.nn.functional.affine_grid(t.ones(1, 2, 3), (1, 1, 0, 2)),
    "size": lambda t: t.nn.functional.affine_grid(t.ones(1, 2, 3), (1, 1, 2)),
}


@pytest.mark.filterwarnings("ignore:Default grid_sample")
@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    agree_on(REFUSED[name])


def test_what_is_said():
    with pytest.warns(UserWarning, match="align_corners"):
        mytorch.nn.functional.affine_grid(mytorch.ones(1, 2, 3), (1, 1, 2, 2))


@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_derivatives(mode, padding):
    x, grid = (mytorch.tensor(a[:1, :2], requires_grad=True) for a in (IMAGES[2], GRIDS[2]))
    function = functools.partial(
        mytorch.nn.functional.grid_sample, mode=mode, padding_mode=padding, align_corners=False
    )
    assert gradcheck(function, (x, grid)) and gradgradcheck(function, (x, grid))


torch.set_num_threads(1)  # its threads wait for each other longer than these small arrays take


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_nan_in_a_sampling_grid(mode, padding, corners):
    """Values alone: PyTorch's backward pass reads outside of its memory there."""
    settings = dict(mode=mode, padding_mode=padding, align_corners=corners)
    nan, image = np.nan, np.arange(9.0).reshape(1, 1, 3, 3) + 1
    places = np.array([[nan, 0], [0, nan], [nan, nan], [0.3, 0.2]]).reshape(1, 1, 4, 2)
    x, grid = (mytorch.tensor(a, requires_grad=True) for a in (image, places))
    ours = F.grid_sample(x, grid, **settings)
    theirs = torch.nn.functional.grid_sample(torch.tensor(image), torch.tensor(places), **settings)
    np.testing.assert_allclose(ours.detach().numpy(), theirs.numpy(), atol=1e-12)
    if mode != "bicubic":
        ours.sum().backward()
        assert np.isfinite(x.grad.numpy()).all()
    if mode == "nearest":
        assert not grid.grad.array.any()
