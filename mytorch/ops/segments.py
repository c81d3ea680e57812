"""Reductions over segments of one dimension, which may have different lengths."""

from __future__ import annotations

import math

from ..core.arrays import array_of, xp
from ..core.sums import wide
from ..kernels.sums import running_sum
from .cast import to_dtype
from .composite import composite
from .elementwise import select
from .gather import index_select
from .index_put import index_add, index_reduce
from .shape import reshape
from .shape_arguments import check_dim

# by the reduction: what its segments begin with, so that nothing changes
_NEUTRAL = {"sum": 0.0, "mean": 0.0, "prod": 1.0, "max": -math.inf, "min": math.inf}


@composite
def segment_reduce(
    data, reduce, *, lengths=None, indices=None, offsets=None, axis: int = 0, unsafe=False, initial=None
):
    """The sum, mean, product, maximum or minimum of each segment of ``data`` along the dimension ``axis``.

    Segments follow one another. ``lengths`` (…, S) or ``offsets`` (…, S + 1) has a row for each index of the
    dimensions before ``axis``. An empty segment gives ``initial``, or 0, nan, 1, -inf and inf in this order.
    RuntimeError for lengths that do not fit or an unknown ``reduce``, NotImplementedError for integers.
    """
    axis = check_dim(axis, len(data.shape))
    starts, counts = _segments(data, reduce, lengths, indices, offsets, axis, unsafe)
    kind, module = array_of(data).dtype, xp(counts)
    rows, whole = counts.size, (*data.shape[:axis], counts.shape[-1], *data.shape[axis + 1 :])
    in_order = counts.reshape(-1)
    of = module.repeat(module.arange(rows), in_order)  # the segment of each element
    before = module.repeat(running_sum(in_order, 0) - in_order, in_order)
    places = module.repeat(starts.reshape(-1), in_order) + module.arange(of.size) - before
    flat = reshape(data, shape=(math.prod(data.shape[: axis + 1]), *data.shape[axis + 1 :]))
    read = to_dtype(index_select(flat, 0, places), wide(kind))
    first = _NEUTRAL[reduce] if initial is None else float(initial)
    start = module.full((rows, *data.shape[axis + 1 :]), _NEUTRAL[reduce], wide(kind))
    if reduce in ("sum", "mean"):
        out = index_add(start + first, 0, of, read)
        if reduce == "mean":
            sizes = counts.reshape(-1, *[1] * (len(start.shape) - 1)).astype(start.dtype)
            out = out / module.where((sizes == 0) & (initial is not None), 1, sizes)
    elif reduce == "prod":
        out = index_reduce(start * first, 0, of, read, "prod")
    else:
        out = index_reduce(start, 0, of, read, f"a{reduce}")
        better = array_of(out) < first if reduce == "max" else array_of(out) > first
        out = select(better, start.dtype.type(first), out)
    return to_dtype(reshape(out, shape=whole), kind)


def _segments(data, reduce, lengths, indices, offsets, axis, unsafe):
    """Where the segments start in ``data`` with the dimensions up to ``axis`` made one, and their lengths."""
    if array_of(data).dtype.kind not in "fV":
        raise NotImplementedError(f"segment_reduce: not implemented for {array_of(data).dtype}")
    if reduce not in _NEUTRAL:
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, max or min, got {reduce}")
    if indices is not None:
        raise RuntimeError("segment_reduce(): indices based reduction is not supported yet.")
    if lengths is None and offsets is None:
        raise RuntimeError("segment_reduce(): Either lengths or offsets must be defined.")
    given = array_of(lengths if offsets is None else offsets)
    if given.dtype.kind != "i":
        raise NotImplementedError(f"segment_reduce: not implemented for lengths or offsets of {given.dtype}")
    if axis != given.ndim - 1 or given.shape[:-1] != tuple(data.shape[:axis]):
        raise RuntimeError(
            f"segment_reduce(): Expected axis to be the last dimension of lengths but got {axis}: data of "
            f"shape {list(data.shape)}, lengths or offsets of shape {list(given.shape)}"
        )
    size = data.shape[axis]
    if offsets is None:
        counts, ends = given, running_sum(given, -1)
        starts = ends - given
        if not unsafe and bool((given < 0).any()):
            raise RuntimeError("lengths contains negative value!")
        if not unsafe and bool((ends[..., -1:] != size).any()):
            raise RuntimeError(
                "segment_reduce(): Expected all rows of lengths along axis to sum to "
                "data.size(lengths.dim()-1) when !unsafe."
            )
    else:
        starts, counts = given[..., :-1], given[..., 1:] - given[..., :-1]
    rows = xp(given).arange(math.prod(given.shape[:-1])).reshape(*given.shape[:-1], 1)
    return starts + rows * size, counts
