"""Padding, interpolation, folding and shuffles against PyTorch: values, gradients, refusals."""

import itertools

import numpy as np
import pytest

import mytorch
from mytorch.nn import functional as F
from tests.draws import draws
from tests.referee import compare, same_error, torch

torch.set_num_threads(1)  # its threads wait for each other longer than these small arrays take


def draw(shape):
    return draws(0).standard_normal(shape)


def call(name, **settings):
    return lambda library, *tensors: getattr(library.nn.functional, name)(*tensors, **settings)


SIZES = [
    {"size": 3},
    {"size": (8, 3, 9)},
    {"size": 1},
    {"size": (5, 7, 4)},
    {"scale_factor": 2},
    {"scale_factor": (1.5, 0.7, 2.3)},
    {"scale_factor": 1.3, "recompute_scale_factor": True},
    {"scale_factor": 1},
]
MODES = {
    "nearest": (1, 2, 3),
    "nearest-exact": (1, 2, 3),
    "area": (1, 2, 3),
    "linear": (1,),
    "bilinear": (2,),
    "bicubic": (2,),
    "trilinear": (3,),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_interpolation(mode, dtype):
    for n, settings in itertools.product(MODES[mode], SIZES):
        settings = {k: v[:n] if isinstance(v, tuple) else v for k, v in settings.items()}
        for corners in (
            (None, False, True) if mode in ("linear", "bilinear", "bicubic", "trilinear") else (None,)
        ):
            compare(
                call("interpolate", mode=mode, align_corners=corners, **settings),
                [draw((2, 3, *(5, 7, 4)[:n]))],
                dtype,
            )


def test_awkward_scale_factors_choose_the_same_pixels():
    for n, factor in itertools.product((5, 7, 13), (0.3, 0.6, 1.1, 1.7, 2.3, 3.7)):
        for mode in ("nearest", "nearest-exact"):
            # then torch's backward takes the resizing for the identity, which it need not be
            unchanged = int(n * factor) == n
            compare(
                call("interpolate", mode=mode, scale_factor=factor),
                [draw((1, 1, n))],
                "float32",
                backward=not unchanged,
            )


def test_bytes_resize_to_the_nearest():
    x = np.arange(16, dtype=np.uint8).reshape(1, 1, 4, 4)
    assert (
        F.interpolate(mytorch.tensor(x), size=3).tolist()
        == torch.nn.functional.interpolate(torch.tensor(x), size=3).tolist()
    )


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_padding(mode, n):
    for extra, pad in itertools.product(
        (0, 1, 2), itertools.product((0, 3, -1, 4, 7), (0, 2, -2), (1,), (0, 2), (1,), (2,))
    ):
        shape, pad = (2, 3)[:extra] + (5, 4, 6)[:n], pad[: 2 * n]
        pads = call("pad", pad=pad, mode=mode)
        try:
            pads(torch, torch.zeros(shape))
        except Exception:
            same_error(pads, draw(shape))
            continue
        if mode == "circular" and min(pad) < 0 and max(pad) > 2:
            continue  # torch wraps round what it cut off, and leaves memory unset
        compare(pads, [draw(shape)])


def test_padding_of_other_dtypes():
    for x in (np.array([[1, 2, 3]]), np.array([[True, False]])):
        for settings in ({}, {"value": 2.5}) if x.dtype != bool else ({},):
            compare(call("pad", pad=(1, 2), **settings), [x])
    compare(call("pad", pad=(1, 1), mode="reflect"), [np.array([[1, 2, 3]])])


@pytest.mark.parametrize("shape", [(2, 3, 6, 7), (3, 6, 7), (0, 3, 6, 7)], ids=str)
def test_folding(shape):
    for kernel, dilation, padding, stride in itertools.product([2, (2, 3)], [1, 2], [0, (1, 2)], [1, (2, 1)]):
        settings = {"kernel_size": kernel, "dilation": dilation, "padding": padding, "stride": stride}
        compare(call("unfold", **settings), [draw(shape)])
        columns = torch.nn.functional.unfold(torch.zeros(shape), **settings).shape
        compare(call("fold", output_size=(6, 7), **settings), [draw(tuple(columns))])


def test_shuffles():
    compare(call("pixel_shuffle", upscale_factor=3), [draw((2, 18, 2, 3))])
    compare(call("pixel_shuffle", upscale_factor=2), [draw((4, 2, 3))])
    compare(call("pixel_unshuffle", downscale_factor=2), [draw((2, 2, 3, 4, 6))])
    compare(call("channel_shuffle", groups=3), [draw((2, 6, 2, 3))])


REFUSED = [
    ("interpolate", (1, 1, 4, 4), {}, "either size or scale_factor should be defined"),
    (
        "interpolate",
        (1, 1, 4, 4),
        {"size": 3, "scale_factor": 2},
        "only one of size or scale_factor should be defined",
    ),
    (
        "interpolate",
        (1, 1, 4, 4),
        {"size": (3, 3, 3)},
        "Input and output must have the same number of spatial dimensions",
    ),
    (
        "interpolate",
        (1, 1, 4, 4),
        {"scale_factor": (3, 3, 3)},
        "Input and scale_factor must have the same number of spatial dimensions",
    ),
    ("interpolate", (4, 4), {"size": 3}, "Only 3D, 4D and 5D input Tensors supported (got 2D)"),
    (
        "interpolate",
        (1, 1, 4, 4),
        {"size": 3, "mode": "linear"},
        "Got 4D input, but linear mode needs 3D input",
    ),
    ("interpolate", (1, 1, 4, 4, 4), {"size": 3, "mode": "bicubic"}, "(got 5D)"),
    ("interpolate", (1, 1, 4, 4), {"size": 3, "align_corners": True}, "align_corners option can only be set"),
    ("interpolate", (1, 1, 4, 4), {"size": 3, "mode": "foo"}, "(got foo)"),
    ("interpolate", (1, 1, 4, 4), {"size": 0}, "Input and output sizes should be greater than 0"),
    (
        "interpolate",
        (1, 1, 4, 4),
        {"size": 2, "recompute_scale_factor": True},
        "recompute_scale_factor is not meaningful",
    ),
    ("interpolate", (1, 1, 4, 4), {"size": 2, "antialias": True}, "Anti-alias option is restricted"),
    ("pad", (1, 2, 3), {"pad": (1, 2, 3)}, "Padding length must be divisible by 2"),
    (
        "pad",
        (2, 3),
        {"pad": (1,) * 6},
        "Padding length should be less than or equal to two times the input dimension",
    ),
    (
        "pad",
        (1, 1, 3),
        {"pad": (3, 3), "mode": "reflect"},
        "Padding size should be less than the corresponding input dimension",
    ),
    (
        "pad",
        (1, 1, 3),
        {"pad": (4, 1), "mode": "circular"},
        "Padding value causes wrapping around more than once.",
    ),
    (
        "pad",
        (1, 1, 3),
        {"pad": (1, 1), "mode": "circular", "value": 1.0},
        'Padding mode "circular" doesn\'t take in value argument',
    ),
    ("pad", (1, 1, 3), {"pad": (1, 1), "mode": "foo"}, "Unrecognised padding mode foo"),
    (
        "pad",
        (1, 1, 0),
        {"pad": (1, 1), "mode": "reflect"},
        "other non-zero dimensions for input, but got: [1, 1, 0]",
    ),
    ("unfold", (1, 1, 4, 4, 4), {"kernel_size": 2}, "Expected 3D or 4D (batch mode) tensor"),
    ("unfold", (1, 3, 4, 4), {"kernel_size": 5}, "but its components must be at least one"),
    (
        "fold",
        (1, 12, 8),
        {"output_size": (4, 4), "kernel_size": 2},
        "expected size of input's dimension 2 to match",
    ),
    (
        "fold",
        (1, 13, 9),
        {"output_size": (4, 4), "kernel_size": 2},
        "to be divisible by the product of kernel_size",
    ),
    (
        "fold",
        (12,),
        {"output_size": (4, 4), "kernel_size": 2},
        "Expected 2D or 3D (batch mode) tensor for input",
    ),
    ("pixel_shuffle", (1, 3, 4, 4), {"upscale_factor": 2}, "to be divisible by the square of upscale_factor"),
    ("pixel_shuffle", (4, 4), {"upscale_factor": 2}, "expects input to have at least 3 dimensions"),
    ("pixel_shuffle", (4, 4, 4), {"upscale_factor": 0}, "expects a positive upscale_factor, but got 0"),
    (
        "pixel_unshuffle",
        (1, 3, 5, 4),
        {"downscale_factor": 2},
        "expects height to be divisible by downscale_factor",
    ),
    (
        "channel_shuffle",
        (1, 5, 5, 4),
        {"groups": 2},
        "Number of channels must be divisible by groups. Got 5 channels and 2 groups.",
    ),
]


@pytest.mark.parametrize(
    ("name", "shape", "settings", "match"), REFUSED, ids=lambda v: v if isinstance(v, str) else ""
)
def test_refusals(name, shape, settings, match):
    same_error(call(name, **settings), draw(shape), match=match)


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize(
    "settings",
    [
        {"size": (4, 3)},
        {"size": (12, 3)},
        {"scale_factor": 0.5},
        {"scale_factor": (0.37, 1.7)},
        {"size": (1, 1)},
    ],
)
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_antialiasing(mode, settings, corners):
    compare(
        call("interpolate", mode=mode, align_corners=corners, antialias=True, **settings),
        [draw((2, 3, 9, 7))],
    )


@pytest.mark.parametrize("n, count", [(2, 41), (3, 41), (2, 7), (5, 13), (7, 98), (41, 2), (6, 9)])
@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pixels_that_are_equally_near(mode, n, count, dtype):
    x = np.arange(float(n)).astype(dtype).reshape(1, 1, n)
    ours = F.interpolate(mytorch.tensor(x), size=count, mode=mode)
    theirs = torch.nn.functional.interpolate(torch.tensor(x), size=count, mode=mode)
    assert ours.tolist() == theirs.tolist()


@pytest.mark.parametrize(
    "mode, shape",
    [
        ("linear", (3,)),
        ("bilinear", (3, 3)),
        ("bilinear", (3, 10)),
        ("trilinear", (3, 10, 3)),
        ("bicubic", (3, 10)),
    ]
    + [
        (mode, shape)
        for mode in ("nearest", "nearest-exact", "area")
        for shape in [(3,), (3, 10), (3, 3, 10)]
    ],
    ids=str,
)
@pytest.mark.parametrize("recompute", [None, False, True])
@pytest.mark.parametrize("factor", [1.3, 0.7, 1.9, 2.0])
def test_scale_factors_that_change_few_sizes(mode, shape, recompute, factor):
    x = np.random.default_rng(0).standard_normal((1, 2, *shape))
    settings = dict(scale_factor=factor, mode=mode, recompute_scale_factor=recompute)
    ours = F.interpolate(mytorch.tensor(x), **settings)
    theirs = torch.nn.functional.interpolate(torch.tensor(x), **settings)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), atol=1e-12)


@pytest.mark.parametrize("size", [2.0, 2.5, [2.0], [2.5], "a", None], ids=str)
def test_sizes_are_integers(size):
    with pytest.raises(ValueError if size is None else TypeError):
        F.interpolate(mytorch.ones(1, 1, 3), size=size)


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
