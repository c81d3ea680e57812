"""Reductions and normalisations of the elements that a mask keeps: ``torch.masked``.

``mask`` is True where an element counts; it broadcasts to the input. What is masked out counts as the neutral
element of the operation. Where nothing is left the result is that element, or nan where there is none.
"""

from __future__ import annotations

import math

from ..core.dtypes import as_dtype
from ..core.graph import wrap
from ..ops import binary, bounds, reduce, vector_norm
from ..ops import softmax as softmaxes
from ..ops.dtype_info import iinfo
from ..ops.reduce import sum as _total
from ..ops.shape import broadcast_to
from ..ops.statistics import quantiles
from ..ops.statistics.scan import cumprod as _cumprod
from ..ops.statistics.scan import cumsum as _cumsum
from ..ops.statistics.scan import prod as _prod


def _lowest(x):
    return -math.inf if x.is_floating_point() or x.is_complex() else iinfo(x.dtype).min


def _highest(x):
    return math.inf if x.is_floating_point() else iinfo(x.dtype).max


def _mask_of(input, mask):
    """``mask`` as booleans in the shape of ``input``. IndexError if it has more dimensions."""
    if mask.ndim > input.ndim:
        raise IndexError(
            "_input_mask expected broadcastable mask (got mask dimensionality higher than of the input)"
        )
    return broadcast_to(mask, tuple(input.shape)).bool()


def _kept(input, mask, neutral):
    """``input`` with the number ``neutral`` where it is masked out."""
    return input if mask is None else input.masked_fill(~_mask_of(input, mask), neutral)


def _dims(dim, ndim):
    return tuple(range(ndim)) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)


def _summed_dtype(input, dtype):
    """The dtype of a sum: int64 for integers."""
    kind = input.array.dtype.kind
    return dtype or (as_dtype("int64") if kind in "biu" else input.dtype)


def sum(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The sum along ``dim`` (all dimensions by default)."""
    dtype = _summed_dtype(input, dtype)
    return _total(_kept(input, mask, 0), _dims(dim, input.ndim), keepdim=bool(keepdim), dtype=dtype)


def prod(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The product along ``dim`` (all dimensions by default)."""
    out = _kept(input, mask, 1).to(_summed_dtype(input, dtype))
    for d in sorted((d % max(input.ndim, 1) for d in _dims(dim, input.ndim)), reverse=True):
        out = _prod(out, d, keepdim=bool(keepdim))
    return out


def cumsum(input, dim, *, dtype=None, mask=None):
    """The running sum along ``dim``."""
    return _cumsum(_kept(input, mask, 0), dim, dtype=dtype or input.dtype)


def cumprod(input, dim, *, dtype=None, mask=None):
    """The running product along ``dim``."""
    return _cumprod(_kept(input, mask, 1), dim, dtype=dtype or input.dtype)


def amax(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The largest element along ``dim`` (all dimensions by default)."""
    kept = _kept(input, mask, _lowest(input))
    return reduce.amax(kept, _dims(dim, input.ndim), bool(keepdim)).to(dtype or input.dtype)


def amin(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The smallest element along ``dim`` (all dimensions by default)."""
    kept = _kept(input, mask, _highest(input))
    return reduce.amin(kept, _dims(dim, input.ndim), bool(keepdim)).to(dtype or input.dtype)


def argmax(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The place of the largest element along ``dim`` (in the flattened tensor by default)."""
    return _found(reduce.argmax, _kept(input, mask, _lowest(input)), dim, keepdim, dtype)


def argmin(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The place of the smallest element along ``dim`` (in the flattened tensor by default)."""
    return _found(reduce.argmin, _kept(input, mask, _highest(input)), dim, keepdim, dtype)


def _found(function, input, dim, keepdim, dtype):
    return function(input, dim, bool(keepdim)).to(dtype or input.dtype)


def mean(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The mean along ``dim`` (all dimensions by default); nan where all is masked out.

    ValueError for integers without a floating-point ``dtype``.
    """
    source, dtype = "Optional" if dtype else "Input", dtype or input.dtype
    if not (as_dtype(dtype).is_floating_point or as_dtype(dtype).is_complex):
        raise ValueError(
            f"mean(): Could not infer output dtype. {source} dtype must be either a floating point or "
            f"complex dtype. Got: {dtype}"
        )
    total = sum(input, dim, keepdim=keepdim, dtype=dtype, mask=mask)
    return total / _count(input, dim, keepdim, mask)


def _count(input, dim, keepdim, mask):
    """How many elements count."""
    whole = wrap(input.array == input.array) | True
    counted = whole if mask is None else _mask_of(input, mask)
    return _total(counted, _dims(dim, input.ndim), keepdim=bool(keepdim))


def median(input, dim=-1, *, keepdim=False, dtype=None, mask=None):
    """The lower median along ``dim``; nan where all is masked out. ValueError for integers there."""
    x = input if input.is_floating_point() else input.float()
    out = quantiles.nanmedian(_kept(x, mask, math.nan), dim, keepdim)[0]
    if input.is_floating_point():
        return out
    if bool((out != out).any()):
        raise ValueError("masked median expects no fully masked out rows if dtype is not floating point")
    return out.to(dtype or input.dtype)


def norm(input, ord=2.0, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The norm of order ``ord`` along ``dim`` (all dimensions by default)."""
    kept = _kept(input, mask, math.inf if ord == -math.inf else 0)
    return vector_norm.vector_norm(
        kept, ord, _dims(dim, input.ndim), bool(keepdim), dtype=dtype or input.dtype
    )


def _deviations(input, dim, unbiased, correction, keepdim, dtype, mask):
    """The variance; the divisor is the count less ``correction`` (1, or 0 with ``unbiased=False``)."""
    if unbiased is not None and correction is not None:
        raise AssertionError("Only one of unbiased and correction may be given")
    correction = float(correction if correction is not None else 1 if unbiased is None else bool(unbiased))
    floating = input.is_floating_point() or input.is_complex()
    dtype = dtype or (input.dtype if floating else as_dtype("float32"))
    wide = dtype if as_dtype(dtype).is_floating_point or as_dtype(dtype).is_complex else as_dtype("float32")
    x = input - sum(input, dim, keepdim=True, dtype=dtype, mask=mask) / _count(input, dim, True, mask)
    total = sum(x * x.conj(), dim, keepdim=keepdim, dtype=wide, mask=mask)
    count = _count(input, dim, keepdim, mask)
    if correction:
        count = bounds.clamp((count.double() - correction), min=0).to(total.real.dtype)
    return (total / count).to(dtype)


def var(input, dim=None, unbiased=None, *, correction=None, keepdim=False, dtype=None, mask=None):
    """The variance along ``dim`` (all dimensions by default); nan where all is masked out."""
    return _deviations(input, dim, unbiased, correction, keepdim, dtype, mask)


def std(input, dim=None, unbiased=None, *, correction=None, keepdim=False, dtype=None, mask=None):
    """The standard deviation along ``dim`` (all dimensions by default); nan where all is masked out."""
    return _deviations(input, dim, unbiased, correction, keepdim, dtype, mask).sqrt()


def softmax(input, dim, *, dtype=None, mask=None):
    """exp(x) over its sum along ``dim``; 0 for what is masked out, nan where all is."""
    return softmaxes.softmax(_kept(input, mask, _lowest(input)), dim, dtype=dtype or input.dtype)


def log_softmax(input, dim, *, dtype=None, mask=None):
    """The logarithm of :func:`softmax`."""
    return softmaxes.log_softmax(_kept(input, mask, _lowest(input)), dim, dtype=dtype or input.dtype)


def softmin(input, dim, *, dtype=None, mask=None):
    """:func:`softmax` of the negative."""
    return softmaxes.softmin(_kept(input, mask, _highest(input)), dim, dtype=dtype or input.dtype)


def normalize(input, ord, dim, *, eps=1e-12, dtype=None, mask=None):
    """Vectors along ``dim`` over their norm of order ``ord``, which counts as ``eps`` at least."""
    size = norm(input, ord, dim, keepdim=True, dtype=dtype, mask=mask)
    return _kept(input, mask, 0) / bounds.maximum(size, size.new_full((), eps))


def logsumexp(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """log Σ exp(x) along ``dim`` (all dimensions by default)."""
    kept = _kept(input, mask, _lowest(input))
    return reduce.logsumexp(kept, _dims(dim, input.ndim), keepdim).to(dtype or input.dtype)


def logaddexp(input, other, *, dtype=None, input_mask=None, other_mask=None):
    """log(exp(x) + exp(y)), elementwise, of two masked tensors."""
    x, y = _kept(input, input_mask, _lowest(input)), _kept(other, other_mask, _lowest(other))
    return binary.logaddexp(x, y).to(dtype or input.dtype)
