"""Hooks that say how a bucket of gradients is averaged: ``model.register_comm_hook(state, hook)``."""

from __future__ import annotations

from types import SimpleNamespace

from ....core.dtypes import _bfloat16 as _bfloat16_dtype
from ....core.dtypes import float16
from ....core.graph import wrap
from ....tensors.public_names import lookup as _lookup
from ...collectives import all_reduce
from ...process_group import member
from ...work import Future


def allreduce_hook(process_group, bucket) -> Future:
    """The average over the ranks, as without a hook."""
    group = member(process_group, "allreduce_hook")
    buffer = bucket.buffer()
    buffer.array /= buffer.array.dtype.type(group.size())
    return all_reduce(buffer, group=group, async_op=True).get_future().then(lambda f: f.value()[0])


def fp16_compress_hook(process_group, bucket) -> Future:
    """The average, sent as float16: half of the bytes."""
    return fp16_compress_wrapper(allreduce_hook)(process_group, bucket)


def bf16_compress_hook(process_group, bucket) -> Future:
    """The average, sent as bfloat16: half of the bytes, and the range of float32."""
    return bf16_compress_wrapper(allreduce_hook)(process_group, bucket)


def fp16_compress_wrapper(hook):
    """``hook`` on gradients in float16."""
    return _compressed(hook, lambda: float16)


def bf16_compress_wrapper(hook):
    """``hook`` on gradients in bfloat16."""
    return _compressed(hook, _bfloat16_dtype)


def _compressed(hook, dtype):
    def compressed(state, bucket):
        array = bucket.buffer().array
        small = wrap(array.astype(dtype().numpy))
        seen = {name: getattr(bucket, name) for name in ("index", "parameters", "is_last")}
        future = hook(state, SimpleNamespace(buffer=lambda: small, **seen))
        return future.then(lambda f: wrap(f.value().array.astype(array.dtype)))

    return compressed


__getattr__ = _lookup(__name__)
