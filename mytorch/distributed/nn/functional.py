"""Collectives that pass gradients: each returns new tensors, and its backward is the collective that leads
back.

The loss is understood as the sum of the losses of all ranks.
"""

from __future__ import annotations

from ...autograd.function import Function
from ...core.graph import wrap
from ...ops.join import cat as _cat
from ...ops.join import stack as _stack
from ...tensors import process_group as registry
from .. import collectives
from ..process_group import member, root
from ..reduce_op import ReduceOp


def _empty_like(x, *shape):
    return x.new_empty(shape or tuple(x.shape))


class _AllReduce(Function):
    """Its backward is the same all-reduce of the gradients."""

    @staticmethod
    def forward(ctx, op, group, x):
        ctx.op, ctx.group = op, group
        if op not in (ReduceOp.SUM, ReduceOp.AVG):
            ctx.op = None
        out = x.detach().clone()
        collectives.all_reduce(out, op, group)
        return out

    @staticmethod
    def backward(ctx, g):
        if ctx.op is None:
            raise RuntimeError("all_reduce passes gradients for ReduceOp.SUM and AVG only")
        return None, None, _AllReduce.apply(ctx.op, ctx.group, g)


class _Broadcast(Function):
    """Its backward adds the gradients of all ranks up on the source."""

    @staticmethod
    def forward(ctx, source, group, x):
        ctx.source, ctx.group = source, group
        out = x.detach().clone()
        collectives.broadcast(out, group=group, group_src=source)
        return out

    @staticmethod
    def backward(ctx, g):
        return None, None, _Reduce.apply(ctx.source, ctx.group, g)


class _Reduce(Function):
    """The sum on one rank, zeros elsewhere; its backward broadcasts the gradient."""

    @staticmethod
    def forward(ctx, to, group, x):
        ctx.to, ctx.group = to, group
        out = x.detach().clone()
        collectives.reduce(out, group=group, group_dst=to)
        return out if group.rank() == to else out * 0

    @staticmethod
    def backward(ctx, g):
        return None, None, _Broadcast.apply(ctx.to, ctx.group, g)


class _AllGather(Function):
    """All ranks' tensors in a stack; its backward adds up, on each rank, the gradients of its part."""

    @staticmethod
    def forward(ctx, group, x):
        ctx.group = group
        out = _empty_like(x, group.size(), *x.shape)
        collectives.all_gather_into_tensor(out, x.detach(), group)
        return out

    @staticmethod
    def backward(ctx, g):
        return None, _ReduceScatter.apply(ctx.group, g)


class _ReduceScatter(Function):
    """The rank's part of the sum of a stack; its backward gathers the gradients of all parts."""

    @staticmethod
    def forward(ctx, group, x):
        ctx.group = group
        out = _empty_like(x, *x.shape[1:])
        collectives.reduce_scatter_tensor(out, x.detach(), group=group)
        return out

    @staticmethod
    def backward(ctx, g):
        return None, _AllGather.apply(ctx.group, g)


class _AllToAll(Function):
    """Parts of the first dimension to all ranks; its backward sends the gradients back."""

    @staticmethod
    def forward(ctx, group, received, sent, x):
        ctx.group, ctx.received, ctx.sent = group, received, sent
        out = _empty_like(x, sum(received), *x.shape[1:])
        collectives.all_to_all_single(out, x.detach(), received, sent, group)
        return out

    @staticmethod
    def backward(ctx, g):
        return None, None, None, _AllToAll.apply(ctx.group, ctx.sent, ctx.received, g)


def all_reduce(tensor, op=ReduceOp.SUM, group=None):
    """``tensor`` of all ranks combined element by element; SUM and AVG pass gradients."""
    return _AllReduce.apply(ReduceOp(op), member(group, "all_reduce"), tensor)


def broadcast(tensor, src, group=None):
    """``tensor`` of rank ``src``, of the same shape everywhere."""
    group = member(group, "broadcast")
    return _Broadcast.apply(root(group, src), group, tensor)


def reduce(tensor, dst, op=ReduceOp.SUM, group=None):
    """The sum of ``tensor`` over all ranks on rank ``dst``, zeros elsewhere. ValueError for other ``op``."""
    if op is not ReduceOp.SUM:
        raise ValueError("reduce passes gradients for ReduceOp.SUM only")
    group = member(group, "reduce")
    return _Reduce.apply(root(group, dst, name="dst"), group, tensor)


def all_gather(tensor, group=None):
    """A tuple of ``tensor`` of each rank, of the same shape everywhere."""
    return tuple(_AllGather.apply(member(group, "all_gather"), tensor).unbind(0))


def gather(tensor, dst=0, group=None):
    """As :func:`all_gather` on rank ``dst``; a tuple of zeros elsewhere."""
    group = member(group, "gather")
    mine = root(group, dst, name="dst") == group.rank()
    return tuple(part if mine else part * 0 for part in all_gather(tensor, group))


def scatter(tensors, src=0, group=None):
    """This rank's tensor of the list ``tensors`` of rank ``src``; all are of one shape."""
    group = member(group, "scatter")
    stack = broadcast(_stack(tensors), src, group)
    return stack[group.rank()]


def reduce_scatter(output, input_list, op=ReduceOp.SUM, group=None):
    """This rank's tensor of the sums of ``input_list`` over all ranks; ``output`` gives the shape. ValueError
    for another ``op``.
    """
    if op is not ReduceOp.SUM:
        raise ValueError("reduce_scatter passes gradients for ReduceOp.SUM only")
    return _ReduceScatter.apply(member(group, "reduce_scatter"), _stack(input_list))


def all_to_all_single(output, input, output_split_sizes=None, input_split_sizes=None, group=None):
    """Parts of ``input``, along the first dimension, to all ranks; ``output`` has the shape of the result."""
    group = member(group, "all_to_all_single")
    n = group.size()
    received = list(output_split_sizes or [output.shape[0] // n] * n)
    sent = list(input_split_sizes or [input.shape[0] // n] * n)
    return _AllToAll.apply(group, received, sent, input)


def all_to_all(output_tensor_list, input_tensor_list, group=None):
    """A tuple of what each rank sends to this one; the lists give shapes, and what this one sends to each."""
    flat = _cat([t.reshape(-1) for t in input_tensor_list])
    received = [t.numel() for t in output_tensor_list]
    like = wrap(output_tensor_list[0].array.reshape(-1)[:0]).new_empty((sum(received),))
    sent = [t.numel() for t in input_tensor_list]
    out = all_to_all_single(like, flat, received, sent, group)
    return tuple(p.reshape(t.shape) for p, t in zip(out.split(received), output_tensor_list))


def _sum_over(tensor, group):
    """The sum over ``group``, for layers that find the group in the registry."""
    return _AllReduce.apply(ReduceOp.SUM, member(group, "SyncBatchNorm"), tensor)


registry.sum_over = _sum_over
