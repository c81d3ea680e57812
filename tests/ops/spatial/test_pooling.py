"""Pooling over a table of odd settings against PyTorch: values, indices, gradients, ties, refusals."""

import itertools

import numpy as np
import pytest

import mytorch
from mytorch.nn import functional as F
from mytorch.ops.spatial import window_pool
from tests.draws import draws
from tests.referee import compare, same_error, torch

torch.set_num_threads(1)  # its threads wait for each other longer than these small arrays take

SIZES = (7, 6, 9)


def cut(value, n):
    return value[:n] if isinstance(value, tuple) else value


def call(name, **settings):
    return lambda library, *tensors: getattr(library.nn.functional, name)(*tensors, **settings)


def draw(shape, ties=False):
    values = draws(0).standard_normal(shape)
    return np.round(values) if ties else values


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_maximum(n, ties, dtype):
    for kernel, stride, padding, dilation, ceil in itertools.product(
        [2, 3, (1, 2, 3)], [None, 1, 2, (2, 1, 3)], [0, 1], [1, 2], [False, True]
    ):
        kernel, stride = cut(kernel, n), cut(stride, n)
        settings = {
            "kernel_size": kernel,
            "stride": stride,
            "padding": padding,
            "dilation": dilation,
            "ceil_mode": ceil,
        }
        x, pool = draw((2, 3, *SIZES[:n]), ties), call(f"max_pool{n}d", **settings, return_indices=True)
        if (
            padding and min(kernel if isinstance(kernel, tuple) else (kernel,)) < 2 and dilation == 1
        ) or padding > min(np.atleast_1d(kernel)) // 2:
            same_error(pool, x)
        else:
            compare(pool, [x], dtype)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_mean(n):
    for kernel, stride, padding, ceil, count in itertools.product(
        [2, 3, (2, 3, 4)], [None, 1, (2, 1, 3)], [0, 1], [False, True], [False, True]
    ):
        settings = {
            "kernel_size": cut(kernel, n),
            "stride": cut(stride, n),
            "padding": padding,
            "ceil_mode": ceil,
            "count_include_pad": count,
        }
        for divisor in ({}, {"divisor_override": 5}) if n > 1 else ({},):
            compare(call(f"avg_pool{n}d", **settings, **divisor), [draw((2, 3, *SIZES[:n]))])


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 2, 3, 5, (2, 3, 4), (7, 6, 9), (None, 2, None)], ids=str)
def test_adaptive(n, size):
    size = cut(size, n)
    if n == 1 and isinstance(size, tuple):
        size = size[0] or 4
    x = draw((2, 3, *SIZES[:n]))
    compare(call(f"adaptive_avg_pool{n}d", output_size=size), [x])
    compare(call(f"adaptive_max_pool{n}d", output_size=size, return_indices=True), [x])
    compare(call(f"adaptive_max_pool{n}d", output_size=size), [x[0]])


@pytest.mark.parametrize("n", [1, 2, 3])
def test_power_average(n):
    for norm, ceil in itertools.product([1, 2, 3.0], [False, True]):
        compare(
            call(f"lp_pool{n}d", norm_type=norm, kernel_size=2, ceil_mode=ceil),
            [np.abs(draw((2, 3, *SIZES[:n]))) + 0.1],
        )


@pytest.mark.parametrize("n", [1, 2, 3])
def test_inverse(n):
    def there_and_back(library, x):
        f = library.nn.functional
        values, indices = getattr(f, f"max_pool{n}d")(x, 3, 2, return_indices=True)
        return getattr(f, f"max_unpool{n}d")(values, indices, 3, 2, output_size=list(SIZES[:n]))

    compare(there_and_back, [draw((2, 3, *SIZES[:n]))])
    compare(there_and_back, [draw((3, *SIZES[:n]))])


def test_large_windows():
    for shape, kernel in (((2, 3, 13, 14), (13, 14)), ((1, 2, 26, 13), (13, 12))):
        for name in ("max_pool2d", "avg_pool2d"):
            compare(call(name, kernel_size=kernel), [draw(shape)])
            compare(call(name, kernel_size=kernel, stride=1, padding=2), [draw(shape)])


def test_unbatched_and_empty():
    for name in ("max_pool2d", "avg_pool2d"):
        compare(call(name, kernel_size=2), [draw((3, 5, 6))])
        compare(call(name, kernel_size=2), [draw((0, 3, 5, 6))])
    compare(call("adaptive_avg_pool2d", output_size=2), [draw((0, 3, 5, 6))])


def test_integers():
    x = draws(0).integers(-9, 9, (2, 3, 6, 6))
    compare(call("max_pool2d", kernel_size=3, padding=1, return_indices=True), [x])
    compare(call("avg_pool2d", kernel_size=3, padding=1), [x])


def test_nan_and_infinity():
    x = draw((2, 2, 6, 6))
    x[0, 0, 1, 2], x[1, 1, 3, 3], x[1, 0, 0, 0], x[0, 1, 2:4, 2:4] = np.nan, np.inf, -np.inf, -np.inf
    for settings in ({}, {"stride": 1}, {"padding": 1}):
        compare(call("max_pool2d", kernel_size=2, **settings), [x])


def test_blocks_of_channels_agree(monkeypatch):
    monkeypatch.setattr(mytorch.kernels.windows, "BLOCK", 100)
    compare(call("max_pool2d", kernel_size=2), [draw((5, 9, 6, 6))])
    compare(call("avg_pool2d", kernel_size=3, stride=2, padding=1), [draw((5, 9, 6, 6))])


def test_second_derivative():
    def penalty(library, x):
        y = library.nn.functional.max_pool2d(x * x, 2)
        (g,) = library.autograd.grad((y * y).sum(), x, create_graph=True)
        return (g * g).sum()

    compare(penalty, [draw((2, 2, 4, 4))])


REFUSED = [
    (
        "max_pool2d",
        (1, 1, 2, 2),
        {"kernel_size": 3},
        "Given input size: (1x2x2). Calculated output size: (1x0x0). Output size is too small",
    ),
    (
        "max_pool2d",
        (1, 1, 5, 5),
        {"kernel_size": 3, "padding": 2},
        "pad should be at most half of effective kernel size",
    ),
    ("max_pool2d", (5, 5), {"kernel_size": 3}, ""),
    (
        "max_pool2d",
        (1, 0, 5, 5),
        {"kernel_size": 3},
        "Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input",
    ),
    ("max_pool2d", (1, 1, 5, 5), {"kernel_size": 3, "stride": 0}, ""),
    ("max_pool2d", (1, 1, 5, 5), {"kernel_size": 0}, ""),
    ("max_pool2d", (1, 1, 5, 5), {"kernel_size": 2, "dilation": 0}, "dilation should be greater than zero"),
    (
        "max_pool2d",
        (1, 1, 5, 5),
        {"kernel_size": (1, 2, 3)},
        "max_pool2d: kernel_size must either be a single int, or a tuple of two ints",
    ),
    (
        "max_pool2d",
        (1, 1, 5, 5),
        {"kernel_size": 3, "padding": -1},
        "pad must be non-negative, but got pad: -1",
    ),
    ("avg_pool2d", (1, 1, 2, 2), {"kernel_size": 3}, "Output size is too small"),
    ("avg_pool2d", (1, 1, 5, 5), {"kernel_size": 3, "divisor_override": 0}, "divisor must be not zero"),
    (
        "adaptive_avg_pool2d",
        (1, 1, 5, 5),
        {"output_size": -1},
        "elements of output_size must be greater than or equal to 0",
    ),
    ("adaptive_avg_pool2d", (5, 5), {"output_size": 2}, ""),
    ("adaptive_avg_pool2d", (1, 1, 0, 5), {"output_size": 2}, ""),
]


@pytest.mark.parametrize(
    ("name", "shape", "settings", "match"), REFUSED, ids=lambda v: v if isinstance(v, str) else ""
)
def test_refusals(name, shape, settings, match):
    same_error(call(name, **settings), draw(shape), match=match)


def test_bad_indices_are_refused():
    x = mytorch.ones(1, 1, 2, 2)
    with pytest.raises(RuntimeError, match="found an invalid max index: 99"):
        F.max_unpool2d(x, mytorch.full((1, 1, 2, 2), 99), 2)
    with pytest.raises(RuntimeError, match="shape of indices"):
        F.max_unpool2d(x, mytorch.zeros(1, 1, 1, 2, dtype=mytorch.int64), 2)


@pytest.mark.parametrize("pool", ["max_pool2d", "avg_pool2d"])
@pytest.mark.parametrize("settings", [{"kernel_size": 2}, {"kernel_size": 3, "stride": 2, "padding": 1}])
@pytest.mark.parametrize("shape", [(2, 3, 8, 9), (4, 8, 20, 20)])
def test_few_and_many_elements_are_pooled_alike(monkeypatch, pool, settings, shape):
    x = draw(shape)
    found = []
    for few in (0, 10**9):
        monkeypatch.setattr(window_pool, "_FEW", few)
        found.append(getattr(F, pool)(mytorch.tensor(x), **settings).numpy())
    np.testing.assert_allclose(*found, rtol=1e-12)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_an_infinity_stays_in_its_windows(value):
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 6)).astype("float32")
    x[1, 2, 1, 2] = value
    ours = mytorch.tensor(x, requires_grad=True)
    out = mytorch.nn.functional.avg_pool2d(ours, 2)
    expected = x.reshape(2, 3, 2, 2, 3, 2).mean((3, 5))
    np.testing.assert_allclose(out.detach().numpy(), expected, rtol=1e-5, atol=1e-6)
    g = np.ones_like(expected)
    g[0, 1, 1, 1] = value
    out.backward(mytorch.tensor(g))
    np.testing.assert_allclose(ours.grad.numpy(), g.repeat(2, 2).repeat(2, 3) / 4, rtol=1e-6)
