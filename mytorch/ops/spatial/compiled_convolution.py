"""Convolutions by loops that numba compiles: where they are faster, and what they take and give.

They are depthwise, or of so few channels that gathering columns takes long. Where ``worth_compiling(x)``.
"""

from __future__ import annotations

import importlib
import math

from ...kernels.windows import batch_first, batch_last

_FEW = 64 * 1024  # elements of a weight that find room in the second-level cache, beside what it reads
_PAGE, _PAGES = 1024, 64  # elements of a page, and how many pages the processor finds without searching
_TILE = 16  # numbers of a row that are computed at once


def _kernel(name):
    return importlib.import_module(f"mytorch.kernels.compiled_{name}")


def _is_depthwise(weight, groups):
    return groups > 1 and len(weight) == 4 and weight[0] == groups and weight[1] == 1


def _is_small(weight, groups):
    windows = groups == 1 and len(weight) in (3, 4) and math.prod(weight[2:]) > 1  # else nothing is gathered
    return windows and math.prod(weight) <= _FEW


def reads_little(x, weight, groups):
    """Whether a ``weight`` of this shape is small, and the rows that a tile reads lie on few pages."""
    rows = x.shape[1] * (weight[2] if len(weight) == 4 else 1)
    return _is_small(weight, groups) and rows * min(x.shape[-1] * len(x), _PAGE) <= _PAGES * _PAGE


def correlates(x, weight, counts, groups):
    """Whether to call :func:`convolution`, for a ``weight`` of this shape."""
    few = weight[0] >= 3 and counts[-1] * len(x) >= _TILE and reads_little(x, weight, groups)
    return few or _is_depthwise(weight, groups)


def convolution(x, weight, bias, *, stride, padding, dilation, groups, counts):
    """``ops.spatial.convolution``."""
    if weight.ndim == 3:  # images of one row
        stride, padding, dilation = (1, *stride), ((0, 0), *padding), (1, *dilation)
        settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        return convolution(x[:, :, None], weight[:, :, None], bias, counts=(1, *counts), **settings)[:, :, 0]
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "counts": counts}
    if groups > 1:
        out = _kernel("depthwise").correlate(batch_last(x), weight[:, 0], bias, **settings)
    else:
        out = _kernel("convolution").correlate(x, weight, bias, **settings)
    return batch_first(out)


def spreads(weight, stride, groups):
    """Whether to call :func:`depthwise_input`: with stride 1 the gradient is another convolution."""
    return max(stride) > 1 and _is_depthwise(weight, groups)


def depthwise_input(x, weight, bias, sizes, stride, padding, dilation):
    """The gradient of the input of a depthwise convolution, from that of its output ``x``."""
    settings = {"sizes": sizes, "stride": stride, "padding": padding, "dilation": dilation}
    out = _kernel("depthwise").input_gradient(batch_last(x), weight[:, 0], **settings)
    if bias is not None:
        out += bias.reshape(-1, 1, 1, 1)
    return batch_first(out)


def multiplies(x, y, kernel, groups):
    """Whether to call :func:`convolution_weight`."""
    weight = (y.shape[1], x.shape[1] // groups, *kernel)
    if _is_small(weight, groups):
        return weight[0] >= 4 and y.shape[-1] * len(x) >= 8 * _TILE
    return _is_depthwise(weight, groups)


def convolution_weight(x, y, *, kernel, stride, padding, dilation, groups):
    """``ops.spatial.convolution_weight``."""
    if len(kernel) == 1:
        kernel, stride, padding, dilation = (1, *kernel), (1, *stride), ((0, 0), *padding), (1, *dilation)
        settings = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
        return convolution_weight(x[:, :, None], y[:, :, None], groups=groups, **settings)[:, :, 0]
    settings = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
    if groups > 1:
        return _kernel("depthwise").weight_gradient(batch_last(x), batch_last(y), **settings)[:, None]
    return _kernel("convolution").weight_gradient(x, batch_last(y), **settings)
