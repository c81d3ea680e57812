"""``out=``: results written into tensors that the caller gives."""

from __future__ import annotations

import warnings

import numpy
from numpy.lib.array_utils import byte_bounds

from ..core.dtypes import category
from ..core.graph import Variable, changed, grad_state

# Where torch casts no result: ``out`` needs its dtype. Elsewhere it may be a wider one.
EXACT = frozenset(
    """
    mm matmul bmm mv dot vdot inner tensordot addmm addmv addbmm baddbmm multi_dot chain_matmul cross
    linalg_cross vecdot abs neg sign signbit floor round trunc clamp clamp_min clamp_max nan_to_num
    heaviside float_power where softmax log_softmax logcumsumexp amax amin argmax argmin norm
    linalg_norm vector_norm matrix_norm renorm quantile nanquantile index_add index_copy
    index_reduce index_select scatter scatter_add scatter_reduce gather take take_along_dim
    masked_select isin isposinf isneginf nonzero bucketize searchsorted msort diag tril triu
    cholesky det inv inverse matrix_power solve solve_triangular svdvals eigvalsh
""".split()
)
JOINS = frozenset("cat concat concatenate stack hstack vstack dstack row_stack column_stack".split())
# Where torch reads an input after it began to write: ``out`` may not be that input. Elsewhere it may be that
# input, but not overlap it in part,
ALONE = JOINS | frozenset(
    """
    gather take index_select masked_select take_along_dim kthvalue median nanmedian mode max min aminmax
    scatter scatter_add scatter_reduce index_add index_copy index_reduce cross linalg_cross diff outer ger
""".split()
)
# except where torch does not look.
UNWATCHED = frozenset(
    """
    sum nansum mean nanmean prod all any amax amin argmax argmin std var norm linalg_norm vector_norm
    matrix_norm logsumexp cummax cummin softmax log_softmax quantile nanquantile histc dot mv mm bmm matmul
    tensordot inner inv inverse tril triu diag cholesky det solve svdvals eigvalsh matrix_power
""".split()
)
FOLLOWING = frozenset("sum prod cumsum cumprod".split())  # they compute in the dtype of ``out``


def into(call, inputs, settings):
    """``call(…, out=target)``: the result is written into the tensor ``target``, which takes its shape;
    several results into a tuple of tensors.

    Not differentiable, as in torch.
    """
    name, settings = call.__name__, dict(settings)
    out = settings.pop("out")
    if out is None:
        return call(*inputs, **settings)
    targets = out if isinstance(out, (tuple, list)) else (out,)
    for target in targets:
        if not isinstance(target, Variable):
            raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(target).__name__}")
    given = [*inputs, *settings.values()]
    given += [v for values in given if isinstance(values, (tuple, list)) for v in values]
    given = [v for v in given if isinstance(v, Variable)]
    if grad_state.get() is True and any(v._node is not None for v in (*given, *targets)):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but "
            "one of the arguments requires grad."
        )
    if name in ("max", "min") and len(given) == 2:
        name += "imum"  # of two tensors, element by element
    for target in targets:
        _check_memory(name, target.array, [v.array for v in given])
    if name in FOLLOWING and settings.get("dtype") is None and category(target.array.dtype):
        settings["dtype"] = target.array.dtype
    result = call(*inputs, **settings)
    if isinstance(result, Variable):
        if out is not target:
            raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
        kinds = (
            ("bool", "uint8") if name in ("all", "any") else (result.array.dtype,) if name in EXACT else ()
        )
        if kinds and target.array.dtype not in kinds:
            raise RuntimeError(
                f"{name}(): Expected out tensor to have dtype {result.array.dtype}, but got "
                f"{target.array.dtype} instead"
            )
        if name in JOINS and category(result.array.dtype) > category(target.array.dtype):
            raise TypeError(
                f"torch.{name}(): input types can't be cast to the desired output type {target.array.dtype}"
            )
        write_out(result.array, target)
        return target
    if out is target or len(targets) != len(result):
        raise TypeError(f"{name}(): argument 'out' must be tuple of {len(result)} Tensors")
    for part, target in zip(result, targets):
        if part.array.dtype != target.array.dtype:
            raise RuntimeError(
                f"Expected out tensor to have dtype {part.array.dtype}, but got {target.array.dtype} instead"
            )
    for part, target in zip(result, targets):
        write_out(part.array, target)
    return type(result)(*targets) if hasattr(result, "_fields") else tuple(targets)


def _check_memory(name, target, arrays):
    """RuntimeError, as in torch, for an output whose elements share memory with each other or with inputs."""
    if any(n > 1 and s == 0 for n, s in zip(target.shape, target.strides)):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single "
            "memory location. Please clone() the tensor before performing the operation."
        )
    if name in UNWATCHED or type(target) is not numpy.ndarray:
        return
    for array in arrays:
        if not (numpy.may_share_memory(target, array) and _is_dense(target) and _is_dense(array)):
            continue
        same = byte_bounds(array) == byte_bounds(target) and array.strides == target.strides
        if not same or name in ALONE:
            raise RuntimeError(
                "unsupported operation: some elements of the input tensor and the written-to tensor refer to "
                "a single memory location. Please clone() the tensor before performing the operation."
            )


def _is_dense(array):
    """Whether an array fills its stretch of memory without gaps."""
    low, high = byte_bounds(array)
    return high - low == array.nbytes


def write_out(array, target):
    """The numbers of ``array`` into the tensor ``target``, which takes its shape and keeps its dtype.

    RuntimeError if that cannot hold them.
    """
    kind = target.array.dtype
    if category(array.dtype) > category(kind):
        raise RuntimeError(f"result type {array.dtype} can't be cast to the desired output type {kind}")
    if array.shape == target.array.shape:
        target.array[...] = array
    else:
        if target.array.size:
            warnings.warn(
                "An output with one or more elements was resized since it had shape "
                f"{list(target.array.shape)}, which does not match the "
                f"required output shape {list(array.shape)}.",
                stacklevel=4,
            )
        target.array = array.astype(kind)
    changed(target)
