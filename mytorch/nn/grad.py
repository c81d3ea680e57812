"""``torch.nn.grad``: the gradients of convolutions as functions."""

from __future__ import annotations

from ..ops.spatial.arguments import tuple_of
from ..ops.spatial.convolution import convolution_input, convolution_weight

__all__ = ["conv1d_input", "conv1d_weight", "conv2d_input", "conv2d_weight", "conv3d_input", "conv3d_weight"]


def _settings(n, stride, padding, dilation, groups):
    stride, dilation = tuple_of(stride, n, "stride"), tuple_of(dilation, n, "dilation")
    padding = tuple((p, p) for p in tuple_of(padding, n, "padding"))
    return {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


def _input(n):
    def gradient(input_size, weight, grad_output, stride=1, padding=0, dilation=1, groups=1):
        settings = _settings(n, stride, padding, dilation, groups)
        return convolution_input(grad_output, weight, sizes=tuple(input_size)[2:], **settings)

    gradient.__name__ = gradient.__qualname__ = f"conv{n}d_input"
    gradient.__doc__ = f"""The gradient of ``conv{n}d`` for its input, which has the shape ``input_size``.

    Shapes: weight (O, C/groups, *kernel), grad_output (N, O, *windows), result (N, C, *sizes).
    """
    return gradient


def _weight(n):
    def gradient(input, weight_size, grad_output, stride=1, padding=0, dilation=1, groups=1):
        settings = _settings(n, stride, padding, dilation, groups)
        return convolution_weight(input, grad_output, kernel=tuple(weight_size)[2:], **settings)

    gradient.__name__ = gradient.__qualname__ = f"conv{n}d_weight"
    gradient.__doc__ = f"""The gradient of ``conv{n}d`` for its weight, which has the shape ``weight_size``.

    Shapes: input (N, C, *sizes), grad_output (N, O, *windows), result (O, C/groups, *kernel).
    """
    return gradient


conv1d_input, conv2d_input, conv3d_input = map(_input, (1, 2, 3))
conv1d_weight, conv2d_weight, conv3d_weight = map(_weight, (1, 2, 3))
