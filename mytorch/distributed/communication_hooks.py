"""Hooks that say how a bucket of gradients is averaged: ``model.register_comm_hook(state, hook)``."""

from __future__ import annotations

from ..core.dtypes import _bfloat16 as bfloat16_dtype
from ..core.dtypes import float16
from ..core.graph import wrap
from .collectives import all_reduce
from .process_group import member
from .work import Future


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
    return _wrapped(hook, lambda: float16)


def bf16_compress_wrapper(hook):
    """``hook`` on gradients in bfloat16."""
    return _wrapped(hook, bfloat16_dtype)


def _wrapped(hook, dtype):
    def compressed(state, bucket):
        buffer = bucket.buffer()
        kind = buffer.array.dtype
        small = _Compressed(bucket, wrap(buffer.array.astype(dtype().numpy)))
        return hook(state, small).then(lambda f: wrap(f.value().array.astype(kind)))

    return compressed


class _Compressed:
    """A bucket with a buffer in 16 bits."""

    def __init__(self, bucket, small):
        self.index, self.parameters, self.is_last = bucket.index, bucket.parameters, bucket.is_last
        self.buffer = lambda: small
