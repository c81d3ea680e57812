"""Embeddings: rows of a table by number, and sums, means and maxima of bags of rows."""

from __future__ import annotations

import numpy

from ...core.arrays import is_array, xp
from ...core.graph import Variable, changed, wrap
from ...core.primitive import primitive
from ...core.sums import summed, wide
from ...kernels.scatter import out_of_bounds
from ..elementwise import select
from ..indexing import put_in_zeros
from ..reduce import max as maximum_of
from ..shape_arguments import integer


def _table_gradient(g, indices, weight_shape, padding_idx, scale_grad_by_freq, sparse):
    """The gradient of the table: ``g`` (…, D) added up in the rows that were read, but the padding row."""
    at = indices.array if isinstance(indices, Variable) else indices
    if sparse:
        if scale_grad_by_freq:
            raise RuntimeError("embedding_backward: scale_grad_by_freq not supported with sparse gradients")
        if padding_idx is not None:
            g, at = g[at != padding_idx], at[at != padding_idx]
        return (wrap(g) if is_array(g) else g)._mytorch_rows_of(weight_shape, at)
    if scale_grad_by_freq:
        counts = xp(at).bincount(at.reshape(-1), minlength=weight_shape[0])
        g = g / counts[at][..., None].astype(g.dtype if not isinstance(g, Variable) else g.array.dtype)
    if padding_idx is not None:
        g = g * (at != padding_idx)[..., None]
    return put_in_zeros(g, shape=weight_shape, index=(at,))


@primitive(complex=True, weight=_table_gradient, name="embedding")
def _embedding(weight, indices, *, padding_idx=None, scale_grad_by_freq=False, sparse=False):
    """``weight[indices]``: (V, D) and (…) -> (…, D). IndexError for a row that does not exist."""
    if indices.dtype.kind != "i" or indices.dtype.itemsize < 4:
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: "
            f"Long, Int; but got {indices.dtype}"
        )
    if weight.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    if out_of_bounds(indices, 0, len(weight)) is not None:
        raise IndexError("index out of range in self")
    return weight.take(indices, 0) if weight.flags.c_contiguous else weight[indices]


def _padding_row(padding_idx, rows):
    """``padding_idx`` counted from the first row. AssertionError, as in PyTorch, if there is no such row."""
    if not -rows <= (padding_idx := integer(padding_idx)) < rows:
        raise AssertionError("Padding_idx must be within num_embeddings")
    return padding_idx % rows


@numpy.errstate(all="ignore")  # what overflows is infinite
def _renormalize(weight, indices, max_norm, norm_type):
    """Scale down the used rows whose norm exceeds ``max_norm``, in place and outside of the graph."""
    module = xp(weight.array)
    used = module.unique(indices.array)
    rows = weight.array[used].astype(wide(weight.array.dtype), copy=False)
    norms = module.linalg.norm(rows, norm_type, axis=1)
    long = norms > max_norm
    weight.array[used[long]] = rows[long] * (max_norm / (norms[long, None] + 1e-7))
    changed(weight)


def embedding(
    input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False
):
    """The rows of ``weight`` (V, D) whose numbers are in ``input`` (…): (…, D).

    padding_idx: a row that gets no gradient.
    max_norm: the used rows are first scaled down to this norm of order ``norm_type``, in place.
    scale_grad_by_freq: the gradient of a row is divided by how often its number occurs in ``input``.
    sparse: the gradient of a ``weight`` that is a leaf is a sparse tensor of the rows that were read. In the
        backward pass RuntimeError with ``scale_grad_by_freq``.

    IndexError for a number that is no row, RuntimeError unless the numbers are int32 or int64.
    """
    if padding_idx is not None:
        padding_idx = _padding_row(padding_idx, weight.shape[0])
    if max_norm is not None:
        _renormalize(weight, input, max_norm, norm_type)
    return _embedding(weight, input, padding_idx, scale_grad_by_freq, sparse and weight.is_leaf)


def embedding_bag(
    input,
    weight,
    offsets=None,
    max_norm=None,
    norm_type=2,
    scale_grad_by_freq=False,
    mode="mean",
    sparse=False,
    per_sample_weights=None,
    include_last_offset=False,
    padding_idx=None,
):
    """Sums, means or maxima (``mode``) of bags of rows of ``weight`` (V, D): (B, D), zeros for an empty bag.

    input: the numbers of the rows: (B, L), where each row is a bag, or (N,), all bags one after the other.
    offsets: (B,) where each bag begins in an ``input`` (N,). With ``include_last_offset`` (B + 1,): one more
        offset is the end of the last bag.
    per_sample_weights: factors of the rows, of the shape of ``input``, for ``mode="sum"``.
    padding_idx: a row that is left out of all bags and gets no gradient.

    ValueError or RuntimeError for arguments that do not fit, NotImplementedError for ``per_sample_weights``
    with another mode. The other arguments are those of :func:`embedding`.
    """
    _check_bags(input, weight, mode, per_sample_weights, scale_grad_by_freq, sparse)
    starts, ends = _bags(input, offsets, include_last_offset)
    module, flat = xp(starts), input.reshape(-1)
    rows = embedding(flat, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)  # (N, D)
    if padding_idx is not None:
        padding_idx = _padding_row(padding_idx, weight.shape[0])
    counted = module.ones(flat.array.shape, bool) if padding_idx is None else flat.array != padding_idx
    bags = module.repeat(module.arange(len(starts)), ends - starts)  # the bag of each row
    shape = (len(starts), weight.shape[1])
    if mode == "max":
        return _maxima(rows, counted, starts, ends, shape)
    if per_sample_weights is not None:
        rows = rows * per_sample_weights.reshape(-1, 1)
    if padding_idx is not None:
        rows = rows * counted[:, None]
    total = put_in_zeros(rows[: len(bags)], shape=shape, index=(bags,))
    if mode == "sum":
        return total
    sizes = module.bincount(bags, counted[: len(bags)], minlength=len(starts))
    return total / module.maximum(sizes, 1)[:, None].astype(weight.array.dtype)


def _check_bags(input, weight, mode, per_sample_weights, scale_grad_by_freq, sparse):
    """The errors of :func:`embedding_bag`, but those of offsets."""
    if per_sample_weights is not None and per_sample_weights.shape != input.shape:
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({per_sample_weights.shape}) is not None, then it must "
            f"have the same shape as the input ({input.shape})"
        )
    if weight.ndim != 2:
        raise ValueError(f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.ndim}")
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if mode == "max" and (scale_grad_by_freq or sparse):
        raise ValueError(
            "max mode does not support "
            + ("scaling the gradient by the frequency" if scale_grad_by_freq else "sparse weights")
        )
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for "
            f"mode='sum' (got mode='{mode}')."
        )


def _bags(input, offsets, include_last_offset):
    """Where each bag starts and where it ends in the flattened input."""
    module, shape = xp(input.array), tuple(input.shape)
    if len(shape) == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed "
                f"length sequences. However, found offsets of type {type(offsets)}"
            )
        starts = module.arange(shape[0]) * shape[1]
        return starts, starts + shape[1]
    if len(shape) != 1:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {len(shape)}")
    if offsets is None:
        raise ValueError("offsets has to be a 1D Tensor but got None")
    if offsets.ndim != 1:
        raise ValueError("offsets has to be a 1D Tensor")
    starts = offsets.array
    if starts.size and int(starts[0]) != 0:
        raise RuntimeError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from "
            f"position 0. However, got {int(starts[0])}"
        )
    if starts.size and int(starts[-1]) > shape[0]:
        raise RuntimeError(
            f"offsets[-1] can not be greater than input's length {shape[0]} but got offsets[-1] of "
            f"{int(starts[-1])}"
        )
    if include_last_offset:
        return starts[:-1], starts[1:]
    return starts, module.concatenate([starts[1:], module.asarray([shape[0]], starts.dtype)])


def _maxima(rows, counted, starts, ends, shape):
    """The maxima of each bag, over the bags as one array (B, longest, D) filled up with -inf."""
    module, longest = xp(starts), int((ends - starts).max()) if len(starts) else 0
    if not longest:
        return summed(rows) * 0 + module.zeros(shape, rows.array.dtype)
    places = starts[:, None] + module.arange(longest)
    inside = places < ends[:, None]
    places = module.where(inside, places, 0)
    inside &= counted[places]
    largest = maximum_of(select(inside[:, :, None], rows[places], -numpy.inf), 1)[0]
    return select(inside.any(1)[:, None], largest, 0.0)
