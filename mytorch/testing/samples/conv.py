"""Rows of ops/spatial/conv.py."""

import mytorch.nn.functional as F
from mytorch.ops.spatial.convolution import convolution, convolution_input, convolution_weight

from . import Sample

try:
    import torch
    import torch.nn.functional as TF
except ImportError:
    torch = TF = None

SETTINGS = {"stride": (2, 1), "padding": ((1, 1), (0, 1)), "dilation": (1, 2), "groups": 1}


def _with(function, **settings):
    return lambda *inputs: function(*inputs, **settings)


def _torch(name, **settings):
    return lambda *inputs: getattr(TF, name)(*inputs, **settings)


def _row(op, name, shapes, note="", empty=None, **settings):
    return Sample(
        op,
        _with(getattr(F, name), **settings),
        shapes,
        torch=_torch(name, **settings),
        note=note or name,
        empty=empty,
    )


def _reference(part):
    """``part`` (input or weight) of torch's own gradient, for the operations that are gradients."""

    def call(first, second):
        if part == "input":
            g, weight = first, second
            x = torch.zeros(2, 2, 5, 6, dtype=g.dtype, requires_grad=True)
            TF.conv2d(TF.pad(x, (0, 1, 1, 1)), weight, stride=(2, 1), dilation=(1, 2)).backward(g)
            return x.grad
        x, g = first, second
        weight = torch.zeros(3, 2, 3, 2, dtype=g.dtype, requires_grad=True)
        TF.conv2d(TF.pad(x, (0, 1, 1, 1)), weight, stride=(2, 1), dilation=(1, 2)).backward(g)
        return weight.grad

    return call


ROWS = [
    _row(
        "convolution", "conv2d", ((2, 2, 5, 6), (3, 2, 3, 2), (3,)), empty=((0, 2, 5, 6), (3, 2, 3, 2), (3,))
    ),
    _row(
        "convolution",
        "conv2d",
        ((2, 4, 5, 6), (6, 2, 3, 2)),
        note="stride padding dilation groups",
        stride=(2, 1),
        padding=1,
        dilation=(1, 2),
        groups=2,
    ),
    _row("convolution", "conv2d", ((2, 3, 4, 5), (3, 1, 3, 3)), note="depthwise", padding=1, groups=3),
    _row("convolution", "conv2d", ((2, 3, 3, 4), (2, 3, 1, 1), (2,)), note="1x1"),
    _row("convolution", "conv2d", ((2, 4, 5), (3, 2, 3, 5)), note="unbatched same", padding="same"),
    _row("convolution", "conv1d", ((2, 2, 6), (3, 2, 3), (3,)), padding=2, stride=2),
    _row("convolution", "conv3d", ((1, 2, 3, 4, 3), (2, 2, 2, 3, 2), (2,)), padding=1, stride=(1, 2, 1)),
    _row(
        "convolution_input",
        "conv_transpose2d",
        ((2, 2, 3, 4), (2, 3, 3, 2), (3,)),
        empty=((0, 2, 3, 4), (2, 3, 3, 2), (3,)),
    ),
    _row(
        "convolution_input",
        "conv_transpose2d",
        ((2, 4, 3, 2), (4, 3, 3, 2), (6,)),
        note="stride padding groups",
        stride=(2, 1),
        padding=(1, 0),
        output_padding=(1, 0),
        groups=2,
    ),
    _row(
        "convolution_input",
        "conv_transpose1d",
        ((2, 2, 4), (2, 3, 3)),
        dilation=2,
        padding=1,
        output_padding=1,
    ),
    _row("convolution_input", "conv_transpose3d", ((1, 2, 2, 3, 2), (2, 2, 2, 2, 2)), stride=2),
    Sample(
        "convolution_input",
        _with(convolution_input, sizes=(5, 6), **SETTINGS),
        ((2, 3, 3, 5), (3, 2, 3, 2)),
        torch=_reference("input"),
        note="gradient",
    ),
    Sample(
        "convolution_weight",
        _with(convolution_weight, kernel=(3, 2), **SETTINGS),
        ((2, 2, 5, 6), (2, 3, 3, 5)),
        torch=_reference("weight"),
        empty=None,
    ),
    Sample(
        "convolution",
        _with(convolution, counts=(2, 3), **SETTINGS),
        ((2, 2, 5, 6), (3, 2, 3, 2)),
        note="fewer windows",
        torch=lambda x, w: TF.conv2d(TF.pad(x, (0, 1, 1, 1)), w, stride=(2, 1), dilation=(1, 2))[
            :, :, :2, :3
        ],
    ),
]
