"""The collectives: every rank of a group calls the same one, in the same order.

Each checks its arguments and says what it sends, where it receives and which method of the transport moves
the numbers; ``exchange`` does that, at once or as a ``Work``.
"""

from __future__ import annotations

import functools
from zlib import crc32

from numpy import ndarray

from . import debug
from .arguments import check_sizes, check_tensor, check_tensors, flat, put, room, text
from .process_group import for_members, root
from .reduce_op import ReduceOp, check_op
from .work import Work


def exchange(group, call, same, async_op, start, sent, received, average=False, in_place=False, known=False):
    """Run the collective ``call``; a Work if ``async_op``. ``known``: the ranks know that theirs are alike.

    ``start(out, array)`` is the transport's generator. ``array`` has the elements of the tensors ``sent``;
    those of ``out``, which is ``array`` itself if ``in_place``, are put into the tensors ``received``, over
    the number of ranks if ``average``. Either is None where the rank sends or receives nothing.
    """

    def steps():
        array = None if sent is None else flat(sent, group.transport)
        out = array if in_place else None if received is None else room(received, group.transport)
        yield from start(out, array)
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

    if group.compares_first:
        debug.compare(group, said())
    elif group.transport.compares and not known:
        steps = compared(group, (call, *same), said, steps, async_op)
    about = lambda: f"{said()} on rank {group.ranks[group.rank()]} of {group.group_name}"
    work = Work(steps, group.timeout, about, group.transport, result)
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
    start = lambda out, array: group.transport.all_reduce(array, op)
    same = tensor.array, op.name
    return exchange(group, "all_reduce", same, async_op, start, [tensor], [tensor], average, in_place=True)


def sum_of_all(tensor, group):
    """As :func:`all_reduce`, of ranks that know that their tensors are alike."""
    start = lambda out, array: group.transport.all_reduce(array, ReduceOp.SUM)
    settings = {"in_place": True, "known": True}
    exchange(group, "all_reduce", (tensor.array, "SUM"), False, start, [tensor], [tensor], **settings)


@for_members
def reduce(tensor, dst=None, op=ReduceOp.SUM, group=None, async_op=False, group_dst=None):
    """Combine ``tensor`` of all ranks, in place on rank ``dst`` alone."""
    check_tensor("reduce", tensor=tensor)
    op, average = check_op("reduce", op, tensor.array.dtype)
    to = root(group, dst, group_dst, "dst")
    start = lambda out, array: group.transport.reduce(array, to, op)
    same = tensor.array, op.name, f"dst={group.ranks[to]}"
    received = [tensor] if group.rank() == to else None
    return exchange(group, "reduce", same, async_op, start, [tensor], received, average, in_place=True)


@for_members
def broadcast(tensor, src=None, group=None, async_op=False, group_src=None):
    """Give all ranks the values of ``tensor`` on rank ``src``."""
    check_tensor("broadcast", tensor=tensor)
    return broadcast_from(root(group, src, group_src), tensor, group, async_op)


def broadcast_from(source, tensor, group, async_op=False, known=False):
    """Give all ranks the values of ``tensor`` on rank ``source`` of ``group``."""
    start = lambda out, array: group.transport.broadcast(array, source)
    same = tensor.array, f"src={group.ranks[source]}"
    received = None if group.rank() == source else [tensor]
    settings = {"in_place": True, "known": known}
    return exchange(group, "broadcast", same, async_op, start, [tensor], received, **settings)


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
    start = lambda out, array: group.transport.all_gather(out, array, [a.size for a in arrays])
    return exchange(group, "all_gather", arrays, async_op, start, [tensor], tensor_list)


@for_members
def all_gather_into_tensor(output_tensor, input_tensor, group=None, async_op=False):
    """Fill ``output_tensor`` with ``input_tensor`` of all ranks, one after the other (or stacked)."""
    call, n = "all_gather_into_tensor", group.size()
    check_tensor(call, output_tensor=output_tensor, input_tensor=input_tensor)
    check_sizes(call, output_tensor, input_tensor, n, ("output_tensor", "input_tensor"))
    start = lambda out, array: group.transport.all_gather(out, array, [array.size] * n)
    return exchange(group, call, [input_tensor.array], async_op, start, [input_tensor], [output_tensor])


@for_members
def gather(tensor, gather_list=None, dst=None, group=None, async_op=False, group_dst=None):
    """Fill ``gather_list`` of rank ``dst`` with ``tensor`` of each rank, of one shape; elsewhere it is None.
    ValueError for a list that is missing, does not fit, or is given elsewhere.
    """
    to = root(group, dst, group_dst, "dst", default=0)
    received = _of_root("gather", "gather_list", gather_list, tensor, group, to, "destination")
    start = lambda out, array: group.transport.gather(out, array, to)
    same = tensor.array, f"dst={group.ranks[to]}"
    return exchange(group, "gather", same, async_op, start, [tensor], received)


@for_members
def scatter(tensor, scatter_list=None, src=None, group=None, async_op=False, group_src=None):
    """Give each rank, in ``tensor``, its part of ``scatter_list`` of rank ``src``; elsewhere that is None.
    ValueError for a list that is missing, does not fit, or is given elsewhere.
    """
    source = root(group, src, group_src, default=0)
    sent = _of_root("scatter", "scatter_list", scatter_list, tensor, group, source, "source")
    start = lambda out, array: group.transport.scatter(out, array, source)
    same = tensor.array, f"src={group.ranks[source]}"
    return exchange(group, "scatter", same, async_op, start, sent, [tensor])


def _of_root(call, name, tensors, tensor, group, at, role):
    """``tensors``, one per rank like ``tensor``, which are given on rank ``at`` alone; None elsewhere."""
    check_tensor(call, tensor=tensor)
    if (group.rank() == at) != bool(tensors):
        where = f"be specified on {role}" if group.rank() == at else f"NOT be specified on non-{role}"
        plural = "" if group.rank() == at else "s"
        raise ValueError(f"Argument ``{name}`` must {where} rank{plural}.")
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


def _reduce_scatter(call, output, inputs, op, group, async_op):
    op, average = check_op(call, op, output.array.dtype)
    start = lambda out, array: group.transport.reduce_scatter(out, array, op)
    return exchange(group, call, (output.array, op.name), async_op, start, inputs, [output], average)


# ---- everybody to everybody ----------------------------------------------------------------------


@for_members
def all_to_all(output_tensor_list, input_tensor_list, group=None, async_op=False):
    """Send ``input_tensor_list[i]`` to rank i, and receive ``output_tensor_list[i]`` from it; shapes may
    differ.
    """
    call, n = "all_to_all", group.size()
    check_tensors(call, "input_tensor_list", input_tensor_list, n)
    for name, tensors in (("output", output_tensor_list), ("input", input_tensor_list)):
        check_tensors(call, f"{name}_tensor_list", tensors, n, input_tensor_list[0])
    received, sent = ([t.array.size for t in ts] for ts in (output_tensor_list, input_tensor_list))
    start = lambda out, array: group.transport.all_to_all(out, array, received, sent)
    same = (str(input_tensor_list[0].array.dtype),)
    return exchange(group, call, same, async_op, start, input_tensor_list, output_tensor_list)


@for_members
def all_to_all_single(
    output, input, output_split_sizes=None, input_split_sizes=None, group=None, async_op=False
):
    """Send one part of ``input`` to each rank and receive one part of ``output`` from each, along the first
    dimension: equal parts, or of the sizes given.
    """
    check_tensor("all_to_all_single", output=output, input=input)
    received = _counts("output", output, output_split_sizes, group.size())
    sent = _counts("input", input, input_split_sizes, group.size())
    start = lambda out, array: group.transport.all_to_all(out, array, received, sent)
    same = (str(input.array.dtype),)
    return exchange(group, "all_to_all_single", same, async_op, start, [input], [output])


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
