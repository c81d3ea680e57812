"""Decorators for ``forward`` and ``backward`` of an ``autograd.Function`` that runs under autocast."""

from __future__ import annotations

import functools

from ..core.arrays import device_of
from ..core.graph import Variable
from ..ops.cast import to_dtype
from .autocast import autocast, checked_device, get_autocast_dtype, is_autocast_enabled, is_eligible


def custom_fwd(fwd=None, *, device_type, cast_inputs=None):
    """Let ``forward`` of a Function run as its surroundings do, or with its inputs cast and autocast off.

    cast_inputs: the dtype that floating-point tensors on ``device_type`` are cast to under autocast.
    """
    checked_device(device_type)
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    @functools.wraps(fwd)
    def forward(ctx, *args, **kwargs):
        ctx._dtype, enabled = get_autocast_dtype(device_type), is_autocast_enabled(device_type)
        ctx._fwd_used_autocast = enabled and cast_inputs is None
        if not enabled or cast_inputs is None:
            return fwd(ctx, *args, **kwargs)
        with autocast(device_type, enabled=False):
            args = _cast(args, device_type, cast_inputs)
            return fwd(ctx, *args, **_cast(kwargs, device_type, cast_inputs))

    return forward


def custom_bwd(bwd=None, *, device_type):
    """Let ``backward`` of a Function run with autocast on or off, as its ``forward`` did."""
    checked_device(device_type)
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)

    @functools.wraps(bwd)
    def backward(ctx, *args, **kwargs):
        with autocast(device_type, ctx._dtype, enabled=ctx._fwd_used_autocast):
            return bwd(ctx, *args, **kwargs)

    return backward


def _cast(value, device_type, dtype):
    """Floating-point tensors in ``value`` (a tensor, a tuple, a list, a dict) on the device, cast."""
    if isinstance(value, Variable):
        takes_part = is_eligible(value) and device_of(value.array).type == device_type
        return to_dtype(value, dtype) if takes_part else value
    if isinstance(value, dict):
        return {name: _cast(v, device_type, dtype) for name, v in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_cast(v, device_type, dtype) for v in value)
    return value
