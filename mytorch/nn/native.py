# Names only: there is nothing to read here.
"""Functions that ``torch`` and ``torch.nn.functional`` both have, with ``torch``'s order of arguments."""

from __future__ import annotations

from . import functional as F

_PADDINGS = ("zeros", "border", "reflection")


def batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled=True):
    """As :func:`mytorch.nn.functional.batch_norm`."""
    return F.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def instance_norm(
    input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, cudnn_enabled=True
):
    """As :func:`mytorch.nn.functional.instance_norm`."""
    return F.instance_norm(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)


def constant_pad_nd(input, pad, value=0):
    """As :func:`mytorch.nn.functional.pad` with a constant."""
    return F.pad(input, pad, "constant", value)


def grid_sampler_2d(input, grid, interpolation_mode, padding_mode, align_corners):
    """As :func:`mytorch.nn.functional.grid_sample`; the modes are numbers."""
    mode, padding = ("bilinear", "nearest", "bicubic")[interpolation_mode], _PADDINGS[padding_mode]
    return F.grid_sample(input, grid, mode, padding, align_corners)


grid_sampler = grid_sampler_3d = grid_sampler_2d


def embedding(weight, indices, padding_idx=-1, scale_grad_by_freq=False, sparse=False):
    """As :func:`mytorch.nn.functional.embedding`; -1 stands for no ``padding_idx``."""
    return F.embedding(
        indices,
        weight,
        None if padding_idx == -1 else padding_idx,
        scale_grad_by_freq=scale_grad_by_freq,
        sparse=sparse,
    )
