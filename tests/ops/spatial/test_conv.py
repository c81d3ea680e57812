"""Convolution over a table of odd settings against PyTorch: values, gradients, refusals."""

import itertools
import warnings

import numpy as np
import pytest

import mytorch
from mytorch.kernels import im2col as columns
from mytorch.nn import functional as F
from tests.draws import draws
from tests.referee import agree_on, compare, same_error, torch

torch.set_num_threads(1)  # its threads wait for each other longer than these small arrays take

SIZES = (7, 6, 8)
KERNELS = [1, 3, (3, 2, 3), (1, 3, 2)]


def cut(value, n):
    return value[:n] if isinstance(value, tuple) else value


def call(name, **settings):
    return lambda library, *tensors: getattr(library.nn.functional, name)(*tensors, **settings)


def kernel_of(kernel, n):
    return (kernel,) * n if isinstance(kernel, int) else kernel[:n]


def draw(*shapes):
    rng = draws(0)
    return [rng.standard_normal(shape) for shape in shapes]


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize(
    ("groups", "channels", "filters"), [(1, 3, 4), (2, 4, 6), (3, 3, 6), (4, 4, 4), (1, 1, 1)]
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_convolution(n, groups, channels, filters, dtype):
    for kernel, stride, dilation, padding in itertools.product(
        KERNELS, [1, 2, (2, 1, 3)], [1, 2], [0, (2, 1, 0), "same"]
    ):
        if padding == "same" and stride != 1:
            continue
        settings = {
            "stride": cut(stride, n),
            "padding": cut(padding, n),
            "dilation": dilation,
            "groups": groups,
        }
        arrays = draw(
            (2, channels, *SIZES[:n]), (filters, channels // groups, *kernel_of(kernel, n)), (filters,)
        )
        compare(call(f"conv{n}d", **settings), arrays, dtype)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize(("groups", "channels", "filters"), [(1, 3, 4), (2, 4, 6), (3, 3, 6)])
def test_transposed_convolution(n, groups, channels, filters):
    for kernel, stride, dilation, padding, extra in itertools.product(
        [1, (3, 2, 3)], [1, 2, 3], [1, 2], [0, 1], [0, 1, 2]
    ):
        settings = {
            "stride": stride,
            "padding": padding,
            "dilation": dilation,
            "groups": groups,
            "output_padding": extra,
        }
        arrays = draw(
            (2, channels, *SIZES[:n]), (channels, filters // groups, *kernel_of(kernel, n)), (filters,)
        )
        if extra >= max(stride, dilation):
            same_error(
                call(f"conv_transpose{n}d", **settings),
                *arrays,
                match="output padding must be smaller than either stride or dilation",
            )
        else:
            compare(call(f"conv_transpose{n}d", **settings), arrays)


@pytest.mark.parametrize("shape", [(3, 7, 6), (0, 3, 7, 6), (1, 3, 7, 6), (70, 3, 7, 6)], ids=str)
def test_batches(shape):
    arrays = draw(shape, (4, 3, 3, 2), (4,))
    compare(call("conv2d", padding=1), arrays)
    compare(call("conv_transpose2d", stride=2), [arrays[0], np.swapaxes(arrays[1], 0, 1)])


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("cache", [1, 3000, 10**9])
def test_however_it_is_cut_up(monkeypatch, threads, count, cache):
    """Blocks of all sizes, rows gathered or not, one or several threads: always the same numbers."""
    monkeypatch.setattr(columns, "CACHE", cache)
    monkeypatch.setattr(columns, "unpacked", lambda: cache)
    monkeypatch.setattr(columns, "BAND", cache)
    monkeypatch.setattr(columns, "threads_for", lambda *work: count)
    threads(count)
    for groups, stride, padding in [(1, 1, 1), (2, 1, (2, 0)), (2, (2, 1), 1), (1, (1, 2), 0)]:
        arrays = draw((40, 4, 9, 10), (6, 4 // groups, 3, 3), (6,))
        compare(call("conv2d", groups=groups, stride=stride, padding=padding), arrays)
        compare(
            call("conv_transpose2d", groups=groups, stride=stride, padding=padding),
            [arrays[0], draw((4, 6 // groups, 3, 3))[0]],
        )


def test_the_same_numbers_every_time():
    x, w = (
        mytorch.tensor(a.astype("float32"), requires_grad=True) for a in draw((64, 8, 24, 24), (16, 8, 3, 3))
    )
    runs = []
    for _ in range(3):
        y = F.conv2d(x, w)
        runs.append([a.numpy().tobytes() for a in (y.detach(), *mytorch.autograd.grad(y.sum(), (x, w)))])
    assert runs[0] == runs[1] == runs[2]


def test_layouts_of_the_input_do_not_matter():
    x, w = draw((3, 4, 6, 5), (2, 4, 3, 3))
    expected = torch.nn.functional.conv2d(torch.tensor(x), torch.tensor(w)).numpy()
    for order in itertools.permutations(range(4)):
        laid_out = np.ascontiguousarray(x.transpose(order)).transpose(np.argsort(order))
        np.testing.assert_allclose(
            F.conv2d(mytorch.from_numpy(laid_out), mytorch.tensor(w)).numpy(),
            expected,
            rtol=1e-12,
            atol=1e-12,
        )


@pytest.mark.parametrize("shape", [(40, 2, 16, 32), (33, 1, 64, 64), (32, 3, 40, 32)], ids=str)
def test_rows_that_share_lines_of_the_cache(shape):
    for padding in (0, 1):
        x, w = draw(shape, (2, shape[1], 3, 3))
        compare(call("conv2d", padding=padding), [x / 16, w], "float32")  # small sums in the gradient of w


def test_second_derivatives_follow_torch():
    def penalty(library, x, w):
        y = library.nn.functional.conv2d(x, w, stride=2, padding=1)
        (g,) = library.autograd.grad((y * y).sum(), x, create_graph=True)
        return (g * g).sum()

    compare(penalty, draw((2, 2, 5, 5), (3, 2, 3, 3)))


def test_integers_convolve():
    x, w = np.arange(32).reshape(1, 2, 4, 4), np.arange(16).reshape(2, 2, 2, 2)
    compare(call("conv2d"), [x, w])


X, W = (1, 4, 5, 5), (4, 4, 3, 3)
REFUSED = [
    ("conv2d", (X, (4, 3, 3, 3)), {}, "to have 3 channels, but got 4 channels instead"),
    ("conv2d", (X, (4, 1, 3, 3)), {"groups": 2}, "to have 2 channels, but got 4 channels instead"),
    ("conv2d", (X, (4, 1, 3, 3)), {"groups": 3}, "divisible by 3 at dimension 0"),
    ("conv2d", (X, (0, 4, 3, 3)), {}, "at least 1 at dimension 0"),
    ("conv2d", (X, W, (3,)), {}, "expected bias to be 1-dimensional with 4 elements"),
    ("conv2d", ((1, 4, 2, 2), W), {}, "Kernel size can't be greater than actual input size"),
    ("conv1d", ((1, 3, 2), (4, 3, 3)), {}, "Calculated padded input size per channel: (2). Kernel size: (3)"),
    ("conv2d", (X, W), {"dilation": 3}, "Calculated padded input size per channel: (5 x 5)"),
    (
        "conv2d",
        ((4, 5), W),
        {},
        "Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: [4, 5]",
    ),
    ("conv2d", (X, W), {"padding": -1}, "negative padding is not supported"),
    ("conv2d", (X, W), {"stride": 0}, "non-positive stride is not supported"),
    ("conv2d", (X, W), {"dilation": 0}, "dilation should be greater than zero"),
    ("conv2d", (X, W), {"groups": 0}, "non-positive groups is not supported"),
    (
        "conv2d",
        (X, W),
        {"padding": "same", "stride": 2},
        "padding='same' is not supported for strided convolutions",
    ),
    ("conv2d", (X, W), {"padding": "sam"}, "Invalid padding string: 'sam'"),
    (
        "conv2d",
        (X, W),
        {"stride": (1, 2, 3)},
        "expected stride to be a single integer value or a list of 2 values",
    ),
    ("conv_transpose2d", (X, (3, 4, 3, 3)), {}, "to have 3 channels, but got 4 channels instead"),
    ("conv_transpose2d", (X, W, (3,)), {}, "expected bias to be 1-dimensional with 4 elements"),
    (
        "conv_transpose2d",
        (X, W),
        {"output_padding": -1, "stride": 2},
        "negative output_padding is not supported",
    ),
    ("conv_transpose2d", ((1, 4, 1, 1), W), {"padding": 2}, "Output size is too small"),
]


@pytest.mark.parametrize(
    ("name", "shapes", "settings", "match"), REFUSED, ids=lambda v: v if isinstance(v, str) else ""
)
def test_refusals(name, shapes, settings, match):
    same_error(call(name, **settings), *draw(*shapes), match=match)


@pytest.mark.parametrize("shape", [(2, 2, 1), (0, 2, 3)], ids=str)
@pytest.mark.parametrize("padding", [0, 1])
def test_transposed_with_an_empty_result(shape, padding):
    def scenario(lib):
        x, w = (lib.ones(size, requires_grad=True) for size in (shape, (2, 3, 2)))
        y = lib.nn.functional.conv_transpose1d(x, w, padding=padding * (1 + (shape[0] == 0)))
        y.sum().backward()
        return y, x.grad, w.grad

    agree_on(scenario)


def test_mixed_dtypes_are_refused():
    x, w = draw(X, W)
    with pytest.raises(RuntimeError, match="should be the same"):
        F.conv2d(mytorch.tensor(x.astype("float32")), mytorch.tensor(w))


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Using padding='same' with even kernel")
        yield


def test_views_of_what_a_convolution_makes():
    y = F.conv2d(mytorch.ones(2, 3, 5, 5), mytorch.ones(4, 3, 3, 3))
    for shape in [(2, -1), (-1,), (8, 9), (2, 2, 2, 3, 3), (2, 4, 9)]:
        assert y.view(*shape).tolist() == y.contiguous().view(*shape).tolist()
    with pytest.raises(RuntimeError, match="view size is not compatible"):
        mytorch.ones(2, 3).t().view(-1)


@pytest.mark.parametrize(
    ("x", "weight", "settings", "shape"),
    [
        ((16, 16, 2), (16, 3, 4), {"stride": 2, "padding": 3}, (16, 3, 0)),
        ((3, 8, 1, 32), (8, 8, 2, 1), {"stride": (1, 2), "padding": 1}, (3, 8, 0, 61)),
        ((1, 3, 3, 25), (3, 2, 4, 4), {"stride": (1, 3), "padding": 3, "groups": 3}, (1, 6, 0, 70)),
        ((2, 3, 7, 2, 5), (3, 1, 3, 2, 3), {"stride": (2, 2, 3), "padding": (3, 2, 0), "groups": 3},
         (2, 3, 9, 0, 15)),
    ],
    ids=str,
)  # fmt: skip
def test_a_transposed_convolution_may_have_no_places(x, weight, settings, shape):
    function = getattr(mytorch.nn.functional, f"conv_transpose{len(x) - 2}d")
    x, weight = (mytorch.ones(size, requires_grad=True) for size in (x, weight))
    out = function(x, weight, **settings)
    assert out.shape == shape
    out.sum().backward()
    assert not x.grad.any() and not weight.grad.any()
