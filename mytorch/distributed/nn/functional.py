"""Collectives that pass gradients: each returns new tensors; its backward is the collective that leads back.

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


class _Collective(Function):
    """``there(x)``, a linear collective. Its backward is ``back(g)``, whose own backward is ``there``."""

    @staticmethod
    def forward(ctx, there, back, x):
        ctx.there, ctx.back = there, back
        return there(x.detach())

    @staticmethod
    def backward(ctx, g):
        return None, None, _Collective.apply(ctx.back, ctx.there, g)


def _result(collective, out, *args, **settings):
    """``out``, after the collective has written it."""
    collective(out, *args, **settings)
    return out


def _only_sum(call, op):
    if op is not ReduceOp.SUM:
        raise ValueError(f"{call} passes gradients for ReduceOp.SUM only")


def all_reduce(tensor, op=ReduceOp.SUM, group=None):
    """``tensor`` of all ranks combined element by element. RuntimeError in a backward but of SUM and AVG."""
    op, group = ReduceOp(op), member(group, "all_reduce")
    there = lambda x: _result(collectives.all_reduce, x.clone(), op, group)

    def back(g):
        if op not in (ReduceOp.SUM, ReduceOp.AVG):
            raise RuntimeError("all_reduce passes gradients for ReduceOp.SUM and AVG only")
        return there(g)

    return _Collective.apply(there, back, tensor)


def _from_one(group, at):
    """(broadcast from rank ``at``; the sum of all there, zeros elsewhere): each other's backward."""

    def sum_on_one(x):
        out = _result(collectives.reduce, x.clone(), group=group, group_dst=at)
        return out if group.rank() == at else out * 0

    return lambda x: _result(collectives.broadcast, x.clone(), group=group, group_src=at), sum_on_one


def broadcast(tensor, src, group=None):
    """``tensor`` of rank ``src``, of the same shape everywhere."""
    group = member(group, "broadcast")
    return _Collective.apply(*_from_one(group, root(group, src)), tensor)


def reduce(tensor, dst, op=ReduceOp.SUM, group=None):
    """The sum of ``tensor`` over all ranks on rank ``dst``, zeros elsewhere. ValueError for other ``op``."""
    _only_sum("reduce", op)
    group = member(group, "reduce")
    return _Collective.apply(*reversed(_from_one(group, root(group, dst, name="dst"))), tensor)


def _of_parts(group):
    """(a stack of the tensors of all ranks; the rank's part of the sum of all stacks)."""
    gather, scatter = collectives.all_gather_into_tensor, collectives.reduce_scatter_tensor
    return (
        lambda x: _result(gather, x.new_empty((group.size(), *x.shape)), x, group),
        lambda x: _result(scatter, x.new_empty(tuple(x.shape[1:])), x, group=group),
    )


def all_gather(tensor, group=None):
    """A tuple of ``tensor`` of each rank, of the same shape everywhere."""
    return tuple(_Collective.apply(*_of_parts(member(group, "all_gather")), tensor).unbind(0))


def gather(tensor, dst=0, group=None):
    """As :func:`all_gather` on rank ``dst``; a tuple of zeros elsewhere."""
    group = member(group, "gather")
    mine = root(group, dst, name="dst") == group.rank()
    return tuple(part if mine else part * 0 for part in all_gather(tensor, group))


def scatter(tensors, src=0, group=None):
    """This rank's tensor of the list ``tensors`` of rank ``src``; all are of one shape."""
    group = member(group, "scatter")
    return broadcast(_stack(tensors), src, group)[group.rank()]


def reduce_scatter(output, input_list, op=ReduceOp.SUM, group=None):
    """This rank's tensor of the sums of ``input_list`` over all ranks, all of the shape of ``output``.
    ValueError for another ``op``.
    """
    _only_sum("reduce_scatter", op)
    return _Collective.apply(*reversed(_of_parts(member(group, "reduce_scatter"))), _stack(input_list))


def all_to_all_single(output, input, output_split_sizes=None, input_split_sizes=None, group=None):
    """Parts of ``input``, along the first dimension, to all ranks; ``output`` has the shape of the result."""
    group = member(group, "all_to_all_single")
    received, sent = (
        list(sizes or [tensor.shape[0] // group.size()] * group.size())
        for sizes, tensor in ((output_split_sizes, output), (input_split_sizes, input))
    )

    def sending(sent, received):
        room = lambda x: x.new_empty((sum(received), *x.shape[1:]))
        return lambda x: _result(collectives.all_to_all_single, room(x), x, received, sent, group)

    return _Collective.apply(sending(sent, received), sending(received, sent), input)


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
    group = member(group, "SyncBatchNorm")
    there = lambda x: _result(collectives.sum_of_all, x.clone(), group)
    return _Collective.apply(there, there, tensor)


registry.sum_over = _sum_over
