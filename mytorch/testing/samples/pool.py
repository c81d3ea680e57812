"""Rows of pooling in ops/spatial/."""

import numpy as np

import mytorch.nn.functional as F
from mytorch.ops.spatial import adaptive_pooling, unpooling
from mytorch.ops.spatial import window_pool as pool
from mytorch.ops.spatial.fractional import fractional_indices

from . import Int, Real, Sample

try:
    import torch
    import torch.nn.functional as TF
except ImportError:
    torch = TF = None

MAPS = Real((2, 2, 5, 6), distinct=True)
GEOMETRY = {
    "kernel": (2, 3),
    "stride": (2, 2),
    "padding": ((1, 0), (0, 1)),
    "dilation": (1, 1),
    "counts": (3, 3),
}
AVERAGE = {name: value for name, value in GEOMETRY.items() if name != "dilation"} | {"divisors": 6}


def _row(op, name, *makers, note="", smooth=True, second=True, empty=None, **settings):
    return Sample(
        op,
        lambda *x: getattr(F, name)(*x, **settings),
        makers,
        torch=lambda *x: getattr(TF, name)(*x, **settings),
        note=note or name,
        smooth=smooth,
        second=second,
        empty=empty,
    )


def _windows(x, value):
    """The elements of each window of GEOMETRY: (2, 2, 3, 3, 6), with their numbers in the channel."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 0), (0, 1)), constant_values=value)
    numbers = np.pad(np.arange(30).reshape(5, 6), ((1, 0), (0, 1)))
    cut = [[(slice(2 * i, 2 * i + 2), slice(2 * j, 2 * j + 3)) for j in range(3)] for i in range(3)]
    values = np.stack([np.stack([padded[(..., *c)].reshape(2, 2, 6) for c in row], 2) for row in cut], 2)
    return values, np.array([[numbers[c].reshape(6) for c in row] for row in cut])


def _argmax(x):
    values, numbers = _windows(x, -np.inf)
    best = values.argmax(-1)
    return np.take_along_axis(np.broadcast_to(numbers, values.shape), best[..., None], -1)[..., 0]


def _gather(v, x):
    return np.take_along_axis(v.reshape(2, 2, 30), _argmax(x).reshape(2, 2, 9), -1).reshape(2, 2, 3, 3)


def _scatter(g, x):
    out = np.zeros((2, 2, 30))
    for n, c in np.ndindex(2, 2):
        np.add.at(out[n, c], _argmax(x)[n, c].reshape(-1), g[n, c].reshape(-1))
    return out.reshape(2, 2, 5, 6)


def _maxima(x):
    return pool.max_pool(x.detach(), **GEOMETRY)


def _spread(g):
    out = np.zeros((2, 2, 6, 7))
    for i, j in np.ndindex(3, 3):
        out[:, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 3] += g[:, :, i, j][:, :, None, None] / 6
    return out[:, :, 1:, :6]


def _places(sizes):
    return lambda x, i: np.take_along_axis(x.reshape(2, 2, -1), i.reshape(2, 2, -1), -1).reshape(2, 2, *sizes)


def _unpick(x, i):
    out = np.zeros((2, 2, 12))
    for n, c in np.ndindex(2, 2):
        np.add.at(out[n, c], i[n, c].reshape(-1), x[n, c].reshape(-1))
    return out.reshape(2, 2, 3, 4)


def _unpool(x):
    _, indices = F.max_pool2d(x.detach(), 2, return_indices=True)
    return F.max_unpool2d(F.avg_pool2d(x, 2), indices, 2)


ROWS = [
    _row("max_pool", "max_pool2d", MAPS, kernel_size=2, empty=((0, 2, 5, 6),)),
    _row(
        "max_pool", "max_pool2d", MAPS, note="overlapping", kernel_size=3, stride=2, padding=1, ceil_mode=True
    ),
    _row("max_pool", "max_pool2d", MAPS, note="dilated", kernel_size=2, stride=1, dilation=2),
    _row("max_pool", "max_pool1d", Real((2, 3, 7), distinct=True), kernel_size=3, stride=2, ceil_mode=True),
    _row("max_pool", "max_pool3d", Real((1, 2, 4, 3, 4), distinct=True), kernel_size=2),
    _row("max_pool", "adaptive_max_pool2d", MAPS, output_size=(5, 3)),
    Sample(
        "max_pool_indices",
        lambda x: pool.max_pool_indices(x, _maxima(x), **GEOMETRY),
        (MAPS,),
        _argmax,
        smooth=False,
    ),
    Sample(
        "max_pool_scatter",
        lambda g, x: pool.max_pool_scatter(g, x, _maxima(x), **GEOMETRY),
        ((2, 2, 3, 3), Real((2, 2, 5, 6), distinct=True, grad=False)),
        _scatter,
    ),
    Sample(
        "max_pool_gather",
        lambda v, x: pool.max_pool_gather(v, x, _maxima(x), **GEOMETRY),
        ((2, 2, 5, 6), Real((2, 2, 5, 6), distinct=True, grad=False)),
        _gather,
    ),
    _row("avg_pool", "avg_pool2d", (2, 2, 5, 6), kernel_size=2, empty=((0, 2, 5, 6),)),
    _row(
        "avg_pool",
        "avg_pool2d",
        (2, 2, 5, 6),
        note="ceil without padding counted",
        kernel_size=3,
        stride=2,
        padding=1,
        ceil_mode=True,
        count_include_pad=False,
    ),
    _row(
        "avg_pool",
        "avg_pool2d",
        (2, 2, 5, 6),
        note="divisor",
        kernel_size=(2, 3),
        stride=1,
        divisor_override=5,
    ),
    _row("avg_pool", "avg_pool1d", (2, 3, 7), kernel_size=3, stride=2, padding=1),
    _row("avg_pool", "avg_pool3d", (1, 2, 4, 3, 4), kernel_size=2, padding=1),
    _row("avg_pool", "adaptive_avg_pool2d", (2, 2, 4, 6), output_size=(2, 3)),
    _row("avg_pool", "lp_pool2d", Real((2, 2, 5, 6), 0.5, 2), norm_type=3, kernel_size=2),
    Sample(
        "avg_pool_spread",
        lambda g: pool.avg_pool_spread(g, sizes=(5, 6), **AVERAGE),
        ((2, 2, 3, 3),),
        _spread,
    ),
    _row("resample", "adaptive_avg_pool2d", (2, 2, 5, 7), note="adaptive_avg_pool2d", output_size=(2, 3)),
    _row("mean", "adaptive_avg_pool2d", (2, 2, 5, 7), note="adaptive_avg_pool2d", output_size=1),
    _row("pick", "adaptive_max_pool2d", MAPS, note="adaptive_max_pool2d", output_size=(3, 4)),
    Sample(
        "adaptive_max_indices",
        lambda x: adaptive_pooling.adaptive_max_indices(x, sizes=(3, 4)),
        (MAPS,),
        smooth=False,
        torch=lambda x: TF.adaptive_max_pool2d(x, (3, 4), return_indices=True)[1],
    ),
    Sample(
        "fractional_indices",
        lambda x, u: fractional_indices(x, u, kernel=(2, 3), sizes=(2, 3)),
        (MAPS, Real((*MAPS.shape[:2], 2), 0, 1)),
        smooth=False,
        torch=lambda x, u: TF.fractional_max_pool2d(
            x, (2, 3), (2, 3), return_indices=True, _random_samples=u
        )[1],
    ),
    Sample(
        "unpick",
        lambda x, i: unpooling.unpick(x, i, sizes=(3, 4)),
        ((2, 2, 2, 3), Int((2, 2, 2, 3), 12)),
        _unpick,
    ),
    Sample(
        "pick",
        lambda x, i: unpooling.pick(x, i),
        ((2, 2, 3, 4), Int((2, 2, 2, 3), 12)),
        _places((2, 3)),
        note="repeated",
    ),
    Sample(
        "max_unpool",
        _unpool,
        (MAPS,),
        torch=lambda x: TF.max_unpool2d(
            TF.avg_pool2d(x, 2), TF.max_pool2d(x.detach(), 2, return_indices=True)[1], 2
        ),
    ),
]
