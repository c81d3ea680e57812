"""Rows of padding, resampling, folding and interpolation in ops/spatial/."""

import numpy as np

import mytorch.nn.functional as F
from mytorch.ops.spatial.resample import Table, resample

from . import Sample

try:
    import torch.nn.functional as TF
except ImportError:
    TF = None


def _row(op, name, shape, note="", empty=None, **settings):
    return Sample(
        op,
        lambda x: getattr(F, name)(x, **settings),
        (shape,),
        torch=lambda x: getattr(TF, name)(x, **settings),
        note=f"{name} {note}".strip(),
        empty=empty,
    )


_PLACES, _WEIGHTS = (
    [np.array([0, 1, 1, 3, 0]), np.array([1, 2, 1, 3, 3])],
    [np.array([0.5, 0.25, 1, 0.75, 2]), np.array([0.5, 0.75, 0, 0.25, 1])],
)


def _sum_at_places(x):
    out = np.zeros((2, 4, 3))
    for place, weight in zip(_PLACES, _WEIGHTS):
        for i, j in enumerate(place):
            out[:, j] += x[:, i] * weight[i]
    return out


ROWS = [
    _row("pad_constant", "pad", (2, 3, 4), pad=(1, 2, 0, 1), value=1.5, empty=((0, 3, 4),)),
    _row("pad_constant", "pad", (2, 3, 4), note="negative", pad=(-1, 2, 1, -1)),
    _row("resample", "pad", (2, 3, 4), note="reflect", pad=(3, 1), mode="reflect"),
    _row("resample", "pad", (2, 3, 4, 3), note="replicate", pad=(3, 1, 1, 0), mode="replicate"),
    _row("resample", "pad", (2, 3, 4, 3), note="circular", pad=(3, 1, -1, 2), mode="circular"),
    _row(
        "unfold_columns",
        "unfold",
        (2, 2, 4, 5),
        kernel_size=(2, 3),
        padding=1,
        stride=(1, 2),
        empty=((0, 2, 4, 5),),
    ),
    _row("unfold_columns", "unfold", (2, 4, 5), note="unbatched", kernel_size=2, dilation=2),
    _row("fold_columns", "fold", (2, 8, 12), output_size=(4, 5), kernel_size=2, empty=((0, 8, 12),)),
    _row("fold_columns", "fold", (8, 6), note="unbatched", output_size=(4, 5), kernel_size=2, dilation=2),
    _row("permute", "pixel_shuffle", (2, 8, 2, 3), upscale_factor=2),
    _row("permute", "pixel_unshuffle", (2, 2, 4, 6), downscale_factor=2),
    _row("permute", "channel_shuffle", (2, 6, 2, 3), groups=3),
    _row("resample", "interpolate", (2, 2, 3), note="nearest", scale_factor=2.5, empty=((0, 2, 3),)),
    _row("resample", "interpolate", (2, 2, 3, 4), note="nearest-exact", size=(5, 3), mode="nearest-exact"),
    _row("resample", "interpolate", (2, 2, 4), note="linear", size=7, mode="linear"),
    _row("resample", "interpolate", (2, 2, 3, 4), note="bilinear", size=(5, 3), mode="bilinear"),
    _row(
        "resample",
        "interpolate",
        (2, 2, 3, 4),
        note="bilinear aligned",
        scale_factor=(2, 1.5),
        mode="bilinear",
        align_corners=True,
    ),
    _row("resample", "interpolate", (2, 2, 5, 4), note="bicubic", size=(7, 3), mode="bicubic"),
    _row("resample", "interpolate", (1, 2, 2, 3, 2), note="trilinear", size=(3, 2, 5), mode="trilinear"),
    Sample(
        "resample",
        lambda x: resample(x, dim=1, table=Table.of(4, _PLACES, _WEIGHTS).transposed),
        ((2, 5, 3),),
        _sum_at_places,
        note="transposed",
    ),
    _row("avg_pool", "interpolate", (2, 2, 4, 6), note="area", size=(2, 3), mode="area"),
]
