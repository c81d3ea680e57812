"""Rows of normalisation in ops/layers/."""

import mytorch.nn.functional as F
from mytorch.ops.layers.batch_norm import scale_channels

from . import Real, Sample

try:
    import torch.nn.functional as TF
except ImportError:
    TF = None


def _row(op, name, shapes, call, note="", tolerance=2e-5, empty=None):
    return Sample(
        op,
        lambda *x: call(F, *x),
        shapes,
        torch=lambda *x: call(TF, *x),
        note=note or name,
        tolerance=tolerance,
        empty=empty,
    )


def _batch(f, x, weight, bias):
    return f.batch_norm(x, None, None, weight, bias, training=True)


ROWS = [
    _row(
        "standardise_channels",
        "batch_norm",
        ((3, 2, 2, 3), (2,), (2,)),
        _batch,
        empty=((0, 2, 2, 3), (2,), (2,)),
    ),
    _row("standardise_channels", "batch_norm", ((5, 3), (3,), (3,)), _batch, note="2d"),
    _row(
        "standardise_channels",
        "batch_norm",
        ((3, 2, 4),),
        lambda f, x: f.batch_norm(x, None, None, training=True),
        note="without affine",
    ),
    _row(
        "standardise_groups",
        "group_norm",
        ((2, 4, 3), (4,), (4,)),
        lambda f, x, w, b: f.group_norm(x, 2, w, b),
    ),
    _row(
        "standardise_groups",
        "group_norm",
        ((3, 4, 2, 2),),
        lambda f, x: f.group_norm(x, 4),
        note="without affine",
    ),
    _row(
        "standardise_channels",
        "instance_norm",
        ((2, 3, 2, 2), (3,), (3,)),
        lambda f, x, w, b: f.instance_norm(x, weight=w, bias=b),
    ),
    _row(
        "scale_channels",
        "batch_norm",
        ((3, 2, 4), (2,), Real((2,), 0.5, 2), (2,), (2,)),
        lambda f, x, m, v, w, b: (
            f.batch_norm(x, m.detach(), v.detach(), w, b) if f is TF else f.batch_norm(x, m, v, w, b)
        ),
        note="eval",
    ),
    Sample(
        "scale_channels",
        scale_channels,
        ((3, 2, 4), (2,), (2,)),
        lambda x, a, b: x * a[:, None] + b[:, None],
        empty=((0, 2, 4), (2,), (2,)),
    ),
    _row(
        "standardise_rows",
        "layer_norm",
        ((3, 4, 5), (5,), (5,)),
        lambda f, x, w, b: f.layer_norm(x, (5,), w, b),
        empty=((0, 4, 5), (5,), (5,)),
    ),
    _row(
        "standardise_rows",
        "layer_norm",
        ((3, 2, 3), (2, 3)),
        lambda f, x, w: f.layer_norm(x, (2, 3), w),
        note="two dimensions",
    ),
    _row(
        "standardise_rows", "layer_norm", ((3, 4),), lambda f, x: f.layer_norm(x, (4,)), note="without affine"
    ),
    _row("standardise_rows", "rms_norm", ((3, 4, 5), (5,)), lambda f, x, w: f.rms_norm(x, (5,), w)),
    _row(
        "avg_pool",
        "local_response_norm",
        ((2, 5, 3, 2),),
        lambda f, x: f.local_response_norm(x, 3, 0.1, 0.75, 1.2),
    ),
]
