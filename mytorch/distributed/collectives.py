"""The collectives: every rank of a group calls the same one, in the same order.

Each checks its arguments and writes down, as a generator of the transport's requests, what is to be done;
``launch`` runs that, at once or as a ``Work``.
"""

from __future__ import annotations

from ..core.arrays import xp
from . import debug
from .arguments import check_sizes, check_tensor, check_tensors, put, taken, text
from .process_group import member, root
from .reduce_op import ReduceOp, check_op
from .work import Work


def launch(group, call, steps, async_op, result=None, same=str):
    """Run the generator ``steps`` of the collective ``call``; a Work if ``async_op``. ``same()`` says what
    all ranks have to agree on.
    """
    if group.control is not None:
        debug.compare(group, f"{call}({same()})")

    def about():
        return f"{call}({same()}) on rank {group.ranks[group.rank()]} of {group.group_name}"

    work = Work(steps, group.timeout, about, group.transport, result)
    if async_op:
        return work
    work.wait()
    return None


def divided(array, op, size):
    """``array`` over the number of ranks if ``op`` is AVG, in place."""
    if op is ReduceOp.AVG:
        array /= array.dtype.type(size)


def summed_op(op):
    """What a transport does for ``op``: AVG is a sum, divided here."""
    return ReduceOp.SUM if op is ReduceOp.AVG else op


# ---- the same on all ranks -----------------------------------------------------------------------


def all_reduce(tensor, op=ReduceOp.SUM, group=None, async_op=False):
    """Combine ``tensor`` of all ranks element by element, in place; shapes and dtypes are the same
    everywhere.
    """
    check_tensor("all_reduce", "tensor", tensor)
    op = check_op("all_reduce", op, tensor.array.dtype)
    if (group := member(group, "all_reduce")) is None:
        return None

    def steps():
        array = taken(tensor, group.transport)
        yield from group.transport.all_reduce(array, summed_op(op))
        divided(array, op, group.size())
        put(tensor, array)

    return launch(group, "all_reduce", steps(), async_op, tensor, lambda: f"{text(tensor.array)}, {op.name}")


def reduce(tensor, dst=None, op=ReduceOp.SUM, group=None, async_op=False, group_dst=None):
    """Combine ``tensor`` of all ranks, in place on rank ``dst`` alone."""
    check_tensor("reduce", "tensor", tensor)
    op = check_op("reduce", op, tensor.array.dtype)
    if (group := member(group, "reduce")) is None:
        return None
    to = root(group, dst, group_dst, "dst")

    def steps():
        array = taken(tensor, group.transport)
        yield from group.transport.reduce(array, to, summed_op(op))
        if group.rank() == to:
            divided(array, op, group.size())
            put(tensor, array)

    same = lambda: f"{text(tensor.array)}, {op.name}, dst={group.ranks[to]}"
    return launch(group, "reduce", steps(), async_op, tensor, same)


def broadcast(tensor, src=None, group=None, async_op=False, group_src=None):
    """Give all ranks the values of ``tensor`` on rank ``src``."""
    check_tensor("broadcast", "tensor", tensor)
    if (group := member(group, "broadcast")) is None:
        return None
    source = root(group, src, group_src)

    def steps():
        array = taken(tensor, group.transport)
        yield from group.transport.broadcast(array, source)
        if group.rank() != source:
            put(tensor, array)

    same = lambda: f"{text(tensor.array)}, src={group.ranks[source]}"
    return launch(group, "broadcast", steps(), async_op, tensor, same)


# ---- the parts of all ranks ----------------------------------------------------------------------


def all_gather(tensor_list, tensor, group=None, async_op=False):
    """Fill ``tensor_list``, one tensor per rank, with ``tensor`` of each; shapes may differ between ranks.
    ValueError for a list of another length, other dtypes, or a place of another size than its tensor.
    """
    check_tensor("all_gather", "tensor", tensor)
    if (group := member(group, "all_gather")) is None:
        return None
    check_tensors("all_gather", "tensor_list", tensor_list, group.size(), tensor)
    if tensor_list[group.rank()].array.size != tensor.array.size:
        raise ValueError(
            f"all_gather: tensor is {text(tensor.array)}, its place in tensor_list "
            f"{text(tensor_list[group.rank()].array)}"
        )

    def steps():
        array = taken(tensor, group.transport)
        counts = [t.array.size for t in tensor_list]
        out = xp(array).empty(sum(counts), array.dtype)
        yield from group.transport.all_gather(out, array, counts)
        _deal(tensor_list, out)

    same = lambda: f"{tensor.array.dtype} {[list(t.shape) for t in tensor_list]}"
    return launch(group, "all_gather", steps(), async_op, tensor_list, same)


def _deal(tensors, flat):
    """Write the elements of ``flat`` into ``tensors``, in order."""
    start = 0
    for t in tensors:
        put(t, flat[start : start + t.array.size].reshape(t.array.shape))
        start += t.array.size


def _flat(tensors, transport):
    """The elements of ``tensors``, in order."""
    arrays = [taken(t, transport).reshape(-1) for t in tensors]
    return xp(arrays[0]).concatenate(arrays)


def all_gather_into_tensor(output_tensor, input_tensor, group=None, async_op=False):
    """Fill ``output_tensor`` with ``input_tensor`` of all ranks, one after the other (or stacked)."""
    check_tensor("all_gather_into_tensor", "output_tensor", output_tensor)
    check_tensor("all_gather_into_tensor", "input_tensor", input_tensor)
    if (group := member(group, "all_gather_into_tensor")) is None:
        return None
    names = "output_tensor", "input_tensor"
    check_sizes("all_gather_into_tensor", output_tensor, input_tensor, group.size(), names)

    def steps():
        array, out = taken(input_tensor, group.transport), taken(output_tensor, group.transport)
        yield from group.transport.all_gather(out.reshape(-1), array, [array.size] * group.size())
        put(output_tensor, out)

    same = lambda: text(input_tensor.array)
    return launch(group, "all_gather_into_tensor", steps(), async_op, output_tensor, same)


def gather(tensor, gather_list=None, dst=None, group=None, async_op=False, group_dst=None):
    """Fill ``gather_list`` of rank ``dst`` with ``tensor`` of each rank, of one shape; elsewhere it is None.
    ValueError for a list that is missing, does not fit, or is given elsewhere.
    """
    check_tensor("gather", "tensor", tensor)
    if (group := member(group, "gather")) is None:
        return None
    to = root(group, dst, group_dst, "dst") if (dst, group_dst) != (None, None) else 0
    receives = group.rank() == to
    if receives:
        if gather_list is None:
            raise ValueError("Argument ``gather_list`` must be specified on destination rank.")
        check_tensors("gather", "gather_list", gather_list, group.size(), tensor)
        _check_equal("gather", "gather_list", gather_list, tensor)
    elif gather_list:
        raise ValueError("Argument ``gather_list`` must NOT be specified on non-destination ranks.")

    def steps():
        array = taken(tensor, group.transport)
        out = xp(array).empty(group.size() * array.size, array.dtype) if receives else None
        yield from group.transport.gather(out, array, to)
        if receives:
            _deal(gather_list, out)

    same = lambda: f"{text(tensor.array)}, dst={group.ranks[to]}"
    return launch(group, "gather", steps(), async_op, gather_list, same)


def scatter(tensor, scatter_list=None, src=None, group=None, async_op=False, group_src=None):
    """Give each rank, in ``tensor``, its part of ``scatter_list`` of rank ``src``; elsewhere that is None.
    ValueError for a list that is missing, does not fit, or is given elsewhere.
    """
    check_tensor("scatter", "tensor", tensor)
    if (group := member(group, "scatter")) is None:
        return None
    source = root(group, src, group_src) if (src, group_src) != (None, None) else 0
    sends = group.rank() == source
    if sends:
        if not scatter_list:
            raise ValueError("Argument ``scatter_list`` must be specified on source rank.")
        check_tensors("scatter", "scatter_list", scatter_list, group.size(), tensor)
        _check_equal("scatter", "scatter_list", scatter_list, tensor)
    elif scatter_list:
        raise ValueError("Argument ``scatter_list`` must NOT be specified on non-source ranks.")

    def steps():
        out = taken(tensor, group.transport)
        array = _flat(scatter_list, group.transport) if sends else None
        yield from group.transport.scatter(out, array, source)
        put(tensor, out)

    same = lambda: f"{text(tensor.array)}, src={group.ranks[source]}"
    return launch(group, "scatter", steps(), async_op, tensor, same)


def _check_equal(call, name, tensors, like):
    """ValueError unless ``tensors`` have as many elements as ``like``."""
    for i, t in enumerate(tensors):
        if t.array.size != like.array.size:
            raise ValueError(f"{call}: {name}[{i}] is {text(t.array)}, the tensor {text(like.array)}")


def reduce_scatter(output, input_list, op=ReduceOp.SUM, group=None, async_op=False):
    """Combine ``input_list`` of all ranks, of which each keeps, in ``output``, the tensor of its own rank."""
    check_tensor("reduce_scatter", "output", output)
    if (group := member(group, "reduce_scatter")) is None:
        return None
    check_tensors("reduce_scatter", "input_list", input_list, group.size(), output)
    _check_equal("reduce_scatter", "input_list", input_list, output)
    return _reduce_scatter("reduce_scatter", output, input_list, op, group, async_op)


def reduce_scatter_tensor(output, input, op=ReduceOp.SUM, group=None, async_op=False):
    """Combine ``input`` of all ranks, cut into one part per rank; each keeps its own in ``output``."""
    check_tensor("reduce_scatter_tensor", "output", output)
    check_tensor("reduce_scatter_tensor", "input", input)
    if (group := member(group, "reduce_scatter_tensor")) is None:
        return None
    check_sizes("reduce_scatter_tensor", input, output, group.size(), ("input", "output"))
    return _reduce_scatter("reduce_scatter_tensor", output, [input], op, group, async_op)


def _reduce_scatter(call, output, inputs, op, group, async_op):
    op = check_op(call, op, output.array.dtype)

    def steps():
        out, array = taken(output, group.transport), _flat(inputs, group.transport)
        yield from group.transport.reduce_scatter(out, array, summed_op(op))
        divided(out, op, group.size())
        put(output, out)

    return launch(group, call, steps(), async_op, output, lambda: f"{text(output.array)}, {op.name}")


# ---- everybody to everybody ----------------------------------------------------------------------


def all_to_all(output_tensor_list, input_tensor_list, group=None, async_op=False):
    """Send ``input_tensor_list[i]`` to rank i, and receive ``output_tensor_list[i]`` from it; shapes may
    differ.
    """
    if (group := member(group, "all_to_all")) is None:
        return None
    check_tensors("all_to_all", "input_tensor_list", input_tensor_list, group.size())
    like = input_tensor_list[0]
    check_tensors("all_to_all", "output_tensor_list", output_tensor_list, group.size(), like)
    check_tensors("all_to_all", "input_tensor_list", input_tensor_list, group.size(), like)

    def steps():
        array = _flat(input_tensor_list, group.transport)
        received = [t.array.size for t in output_tensor_list]
        out = xp(array).empty(sum(received), array.dtype)
        sent = [t.array.size for t in input_tensor_list]
        yield from group.transport.all_to_all(out, array, received, sent)
        _deal(output_tensor_list, out)

    return launch(group, "all_to_all", steps(), async_op, output_tensor_list, lambda: f"{like.array.dtype}")


def all_to_all_single(
    output, input, output_split_sizes=None, input_split_sizes=None, group=None, async_op=False
):
    """Send one part of ``input`` to each rank and receive one part of ``output`` from each, along the first
    dimension: equal parts, or of the sizes given.
    """
    check_tensor("all_to_all_single", "output", output)
    check_tensor("all_to_all_single", "input", input)
    if (group := member(group, "all_to_all_single")) is None:
        return None
    received = _counts("output", output, output_split_sizes, group.size())
    sent = _counts("input", input, input_split_sizes, group.size())

    def steps():
        array, out = taken(input, group.transport), taken(output, group.transport)
        yield from group.transport.all_to_all(out.reshape(-1), array.reshape(-1), received, sent)
        put(output, out)

    return launch(group, "all_to_all_single", steps(), async_op, output, lambda: f"{input.array.dtype}")


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
