"""Padding, interpolation, folding and shuffles: what PyTorch refuses, and shuffles of pixels and channels."""

import pytest

from tests.draws import draws
from tests.referee import compare, same_error, torch

torch.set_num_threads(1)  # its threads wait for each other longer than these small arrays take


def draw(shape):
    return draws(0).standard_normal(shape)


def call(name, **settings):
    return lambda library, *tensors: getattr(library.nn.functional, name)(*tensors, **settings)


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
