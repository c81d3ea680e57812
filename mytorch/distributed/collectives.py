"""The collectives: every rank of a group calls the same one, in the same order.

Each checks its arguments and says which method of the transport moves the numbers of which tensors into which
others; ``exchange`` does that, at once or as a ``Work``.
"""

from __future__ import annotations

import contextlib
import functools
from zlib import crc32

from numpy import ndarray

from ..core.graph import Variable
from . import debug
from .arguments import (
    check_alike,
    check_given,
    check_sizes,
    check_tensor,
    check_tensors,
    flat,
    put,
    room,
    text,
)
from .process_group import for_members, member, root
from .reduce_op import ReduceOp, check_op
from .work import Work

IN_PLACE = {"all_reduce", "reduce", "broadcast"}  # of the transport's methods; others have an ``out``


def exchange(group, call, same, async_op, move, sent, received, average=False, known=False):
    """Run the collective ``call``; a Work if ``async_op``. ``known``: the ranks know that theirs are alike.

    ``move``, a method of the transport with its settings, gets the elements of the tensors ``sent`` and gives
    those of ``received``, over the number of ranks if ``average``. Either is None where the rank sends or
    receives nothing.
    """

    def steps():
        transport, (method, *settings) = group.transport, move
        out = array = None if sent is None else flat(sent, transport)
        if method in IN_PLACE:
            yield from getattr(transport, method)(array, *settings)
        else:
            out = None if received is None else room(received, transport)
            yield from getattr(transport, method)(out, array, *settings)
        if received is not None:
            if average:
                out /= out.dtype.type(group.size())
            put(received, out)

    return launch(group, call, same, steps(), async_op, sent if received is None else received, known=known)


def launch(group, call, same, steps, async_op, result=None, timeout=None, known=False):
    """Run the generator ``steps`` of ``call``; a Work if ``async_op``. ``same``: arrays, of which sizes and
    dtypes have to be those of the other ranks, and settings.
    """

    def said():
        return f"{call}({', '.join(text(a) if hasattr(a, 'shape') else str(a) for a in same)})"

    async_op = async_op or group.batch is not None
    if group.compares_first:
        debug.compare(group, said())
    elif group.transport.compares and not known:
        steps = compared(group, (call, *same), said, steps, async_op)
    about = lambda: f"{said()} on rank {group.ranks[group.rank()]} of {group.group_name}"
    work = Work(steps, group.timeout, about, group.transport, result)
    if group.batch is not None:
        group.batch.append(work)
    if async_op:
        return work
    work.wait(timeout)
    return None


def compared(group, same, said, steps, async_op):
    """``steps``, behind a comparison with the calls of the other ranks: MPI itself would combine numbers of
    different sizes or dtypes, and give wrong ones.
    """
    number = _number(*[(a.dtype, a.size) if type(a) is ndarray else a for a in same])
    request = group.transport.agreement(number)
    # several may be under way, and begin in the same order on all ranks: then it does not wait for the answer
    first = next(steps, None) if async_op else None
    yield request
    if not request.reached():
        debug.compare(group, said())
    if first is not None:
        yield first
    yield from steps


@functools.lru_cache(1024)
def _number(*key):
    """A number that stands for ``key`` on all ranks."""
    return crc32(repr(key).encode())


# ---- the same on all ranks -----------------------------------------------------------------------


@for_members
def all_reduce(tensor, op=ReduceOp.SUM, group=None, async_op=False):
    """Combine ``tensor`` of all ranks element by element, in place; sizes and dtypes are the same
    everywhere. DistBackendError, on all ranks, if they are not.
    """
    check_tensor("all_reduce", tensor=tensor)
    op, average = check_op("all_reduce", op, tensor.array.dtype)
    move, same = ("all_reduce", op), (tensor.array, op.name)
    return exchange(group, "all_reduce", same, async_op, move, [tensor], [tensor], average)


def sum_of_all(tensor, group):
    """As :func:`all_reduce`, of ranks that know that their tensors are alike."""
    move, same = ("all_reduce", ReduceOp.SUM), (tensor.array, "SUM")
    exchange(group, "all_reduce", same, False, move, [tensor], [tensor], known=True)


@for_members
def reduce(tensor, dst=None, op=ReduceOp.SUM, group=None, async_op=False, group_dst=None):
    """Combine ``tensor`` of all ranks, in place on rank ``dst`` alone."""
    check_tensor("reduce", tensor=tensor)
    op, average = check_op("reduce", op, tensor.array.dtype)
    to = root(group, dst, group_dst, "dst")
    same = tensor.array, op.name, f"dst={group.ranks[to]}"
    received = [tensor] if group.rank() == to else None
    return exchange(group, "reduce", same, async_op, ("reduce", to, op), [tensor], received, average)


@for_members
def broadcast(tensor, src=None, group=None, async_op=False, group_src=None):
    """Give all ranks the values of ``tensor`` on rank ``src``."""
    check_tensor("broadcast", tensor=tensor)
    return broadcast_from(root(group, src, group_src), tensor, group, async_op)


def broadcast_from(source, tensor, group, async_op=False, known=False):
    """Give all ranks the values of ``tensor`` on rank ``source`` of ``group``."""
    move, same = ("broadcast", source), (tensor.array, f"src={group.ranks[source]}")
    received = None if group.rank() == source else [tensor]
    return exchange(group, "broadcast", same, async_op, move, [tensor], received, known=known)


@for_members
def all_reduce_coalesced(tensors, op=ReduceOp.SUM, group=None, async_op=False):
    """As :func:`all_reduce`, of a list of tensors of any shapes and one dtype, which travel together."""
    call, tensors = "all_reduce_coalesced", [tensors] if isinstance(tensors, Variable) else tensors
    check_alike(call, "tensors", tensors)
    op, average = check_op(call, op, tensors[0].array.dtype)
    move, same = ("all_reduce", op), (*(t.array for t in tensors), op.name)
    return exchange(group, call, same, async_op, move, tensors, tensors, average)


# ---- the parts of all ranks ----------------------------------------------------------------------


@for_members
def all_gather(tensor_list, tensor, group=None, async_op=False):
    """Fill ``tensor_list``, one tensor per rank, with ``tensor`` of each; shapes may differ between ranks.
    ValueError for a list of another length, other dtypes, or a place of another size than its tensor.
    """
    check_tensor("all_gather", tensor=tensor)
    check_tensors("all_gather", "tensor_list", tensor_list, group.size(), tensor)
    place = tensor_list[group.rank()].array
    if place.size != tensor.array.size:
        raise ValueError(
            f"all_gather: tensor is {text(tensor.array)}, its place in tensor_list {text(place)}"
        )
    arrays = [t.array for t in tensor_list]
    move = "all_gather", [a.size for a in arrays]
    return exchange(group, "all_gather", arrays, async_op, move, [tensor], tensor_list)


@for_members
def all_gather_into_tensor(output_tensor, input_tensor, group=None, async_op=False):
    """Fill ``output_tensor`` with ``input_tensor`` of all ranks, one after the other (or stacked)."""
    call, n = "all_gather_into_tensor", group.size()
    check_tensor(call, output_tensor=output_tensor, input_tensor=input_tensor)
    check_sizes(call, output_tensor, input_tensor, n, ("output_tensor", "input_tensor"))
    move = "all_gather", [input_tensor.array.size] * n
    return exchange(group, call, [input_tensor.array], async_op, move, [input_tensor], [output_tensor])


all_gather_single = _all_gather_base = all_gather_into_tensor


@for_members
def all_gather_coalesced(output_tensor_lists, input_tensor_list, group=None, async_op=False):
    """As :func:`all_gather`, of a list of tensors of one dtype, which travel together; those of rank i have
    their places, of the same sizes, in ``output_tensor_lists[i]``. ValueError for places that do not fit.
    """
    call, n, sent = "all_gather_coalesced", group.size(), input_tensor_list
    check_alike(call, "input_tensor_list", sent)
    if len(output_tensor_lists) != n or any(len(tensors) != len(sent) for tensors in output_tensor_lists):
        raise ValueError(f"{call}: output_tensor_lists has to have {n} lists of {len(sent)} tensors")
    for own, *places in zip(sent, *output_tensor_lists):
        check_tensors(call, "output_tensor_lists", places, n, own, equal=True)
    received = [t for tensors in output_tensor_lists for t in tensors]
    move = "all_gather", [sum(t.array.size for t in sent)] * n
    return exchange(group, call, [t.array for t in sent], async_op, move, sent, received)


@for_members
def gather(tensor, gather_list=None, dst=None, group=None, async_op=False, group_dst=None):
    """Fill ``gather_list`` of rank ``dst`` with ``tensor`` of each rank, of one shape; elsewhere it is None.
    ValueError for a list that is missing, does not fit, or is given elsewhere.
    """
    to = root(group, dst, group_dst, "dst", default=0)
    received = _of_root("gather", "gather_list", gather_list, tensor, group, to, "destination")
    same = tensor.array, f"dst={group.ranks[to]}"
    return exchange(group, "gather", same, async_op, ("gather", to), [tensor], received)


@for_members
def scatter(tensor, scatter_list=None, src=None, group=None, async_op=False, group_src=None):
    """Give each rank, in ``tensor``, its part of ``scatter_list`` of rank ``src``; elsewhere that is None.
    ValueError for a list that is missing, does not fit, or is given elsewhere.
    """
    source = root(group, src, group_src, default=0)
    sent = _of_root("scatter", "scatter_list", scatter_list, tensor, group, source, "source")
    same = tensor.array, f"src={group.ranks[source]}"
    return exchange(group, "scatter", same, async_op, ("scatter", source), sent, [tensor])


def _of_root(call, name, tensors, tensor, group, at, role):
    """``tensors``, one per rank like ``tensor``, which are given on rank ``at`` alone; None elsewhere."""
    check_tensor(call, tensor=tensor)
    check_given(name, bool(tensors), group.rank() == at, role)
    if not tensors:
        return None
    check_tensors(call, name, tensors, group.size(), tensor, equal=True)
    return tensors


@for_members
def reduce_scatter(output, input_list, op=ReduceOp.SUM, group=None, async_op=False):
    """Combine ``input_list`` of all ranks, of which each keeps, in ``output``, the tensor of its own rank."""
    check_tensor("reduce_scatter", output=output)
    check_tensors("reduce_scatter", "input_list", input_list, group.size(), output, equal=True)
    return _reduce_scatter("reduce_scatter", output, input_list, op, group, async_op)


@for_members
def reduce_scatter_tensor(output, input, op=ReduceOp.SUM, group=None, async_op=False):
    """Combine ``input`` of all ranks, cut into one part per rank; each keeps its own in ``output``."""
    check_tensor("reduce_scatter_tensor", output=output, input=input)
    check_sizes("reduce_scatter_tensor", input, output, group.size(), ("input", "output"))
    return _reduce_scatter("reduce_scatter_tensor", output, [input], op, group, async_op)


reduce_scatter_single = _reduce_scatter_base = reduce_scatter_tensor


def _reduce_scatter(call, output, inputs, op, group, async_op):
    op, average = check_op(call, op, output.array.dtype)
    move, same = ("reduce_scatter", op), (output.array, op.name)
    return exchange(group, call, same, async_op, move, inputs, [output], average)


# ---- everybody to everybody ----------------------------------------------------------------------


@for_members
def all_to_all(output_tensor_list, input_tensor_list, group=None, async_op=False):
    """Send ``input_tensor_list[i]`` to rank i and receive ``output_tensor_list[i]``; shapes may differ."""
    call, n = "all_to_all", group.size()
    check_tensors(call, "input_tensor_list", input_tensor_list, n)
    for name, tensors in (("output", output_tensor_list), ("input", input_tensor_list)):
        check_tensors(call, f"{name}_tensor_list", tensors, n, input_tensor_list[0])
    received, sent = ([t.array.size for t in ts] for ts in (output_tensor_list, input_tensor_list))
    move, same = ("all_to_all", received, sent), (str(input_tensor_list[0].array.dtype),)
    return exchange(group, call, same, async_op, move, input_tensor_list, output_tensor_list)


@for_members
def all_to_all_single(
    output, input, output_split_sizes=None, input_split_sizes=None, group=None, async_op=False
):
    """Send a part of ``input`` to each rank and receive a part of ``output``, equal or of given sizes."""
    check_tensor("all_to_all_single", output=output, input=input)
    received = _counts("output", output, output_split_sizes, group.size())
    sent = _counts("input", input, input_split_sizes, group.size())
    move, same = ("all_to_all", received, sent), (str(input.array.dtype),)
    return exchange(group, "all_to_all_single", same, async_op, move, [input], [output])


def _counts(name, tensor, sizes, count):
    """The elements of each part of ``tensor`` along its first dimension."""
    rows = tensor.array.shape[0] if tensor.array.ndim else 0
    if not sizes:
        if rows % count:
            raise RuntimeError(
                f"all_to_all_single: {name} is {text(tensor.array)}, whose first dimension does not divide "
                f"equally across a group of {count} processes"
            )
        sizes = [rows // count] * count
    if len(sizes) != count or sum(sizes) != rows:
        raise RuntimeError(
            f"all_to_all_single: {name}_split_sizes {list(sizes)} for {text(tensor.array)} and a group of "
            f"{count} processes"
        )
    row = tensor.array.size // max(rows, 1)
    return [int(n) * row for n in sizes]


# ---- batches -------------------------------------------------------------------------------------


class _Batch(list):
    """The Works that were begun in a :func:`_coalescing_manager`."""

    def wait(self):
        """Wait for all of them."""
        while self:
            self.pop(0).wait()


@contextlib.contextmanager
def _coalescing_manager(group=None, device=None, async_ops=False):
    """Collectives of ``group`` within the context go on together: all have ended behind it, or if
    ``async_ops`` when the ``wait()`` of what it gives returns.
    """
    group = member(group, "_coalescing_manager")
    before, group.batch = group.batch, _Batch()
    try:
        yield (batch := group.batch)
    finally:
        group.batch = before
    if not async_ops:
        batch.wait()
