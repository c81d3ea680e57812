"""Norms of vectors."""

from __future__ import annotations

import builtins
import math

from ..core.arrays import array_of, xp
from ..core.dtypes import as_dtype
from ..core.graph import Variable
from ..core.primitive import primitive
from ..core.sums import summed
from .cast import to_dtype
from .composite import composite
from .dtype_info import promote_types
from .elementwise import select, widened, zeros_like
from .power import pow
from .reduce import count, floating_kind, folded, sum, unfold
from .rounding import abs, sgn


def _vector_norm_vjp(g, x, out, ord, dim, keepdim):
    """PyTorch's conventions: 0 where the norm is 0, and in equal parts to equal extremes."""
    if (kind := x.dtype).itemsize == 2:  # 1 / out overflows in float16
        g, x, out = (v.astype("float32") for v in (g, x, out))
        return _vector_norm_vjp(g, x, out, ord, dim, keepdim).astype(kind)
    g, out = unfold(g, x.shape, dim, keepdim), unfold(out, x.shape, dim, keepdim)
    if ord == 0:
        return zeros_like(x)
    if ord == 1:
        return g * sgn(x)
    if ord == 2:
        return select(out == 0, 0, g / out) * x
    if builtins.abs(ord) == math.inf:
        chosen = abs(x) == out
        return chosen * (g / sum(chosen, dim=dim, keepdim=True, dtype=g.dtype)) * sgn(x)
    if ord < 1:
        return select(x == 0, 0, sgn(x) * pow(abs(x), ord - 1)) * (g * pow(out, 1 - ord))
    if ord < 2:
        return sgn(x) * pow(abs(x), ord - 1) * select(out == 0, 0, g / pow(out, ord - 1))
    return x * pow(abs(x), ord - 2) * select(out == 0, 0, g / pow(out, ord - 1))


@primitive(complex=True, x=_vector_norm_vjp)
@widened
def _vector_norm(x, *, ord: float = 2, dim=None, keepdim=False):
    floating_kind(x, None, "linalg.vector_norm")
    dims = folded(dim, x.ndim)
    if ord == 2 and x.dtype.kind == "f":
        return xp(x).sqrt(summed(x * x, dims, keepdims=keepdim))
    kind = x.real.dtype
    x = xp(x).abs(x) if x.dtype.kind == "c" else x
    if ord in (math.inf, -math.inf) and not count(x.shape, dim):
        raise RuntimeError(
            f"linalg.vector_norm cannot compute the {ord} norm on an empty tensor because the operation "
            "does not have an identity"
        )
    if ord == 0:
        out = summed(x != 0, dims, x.dtype, keepdim)
    elif ord == 2:
        out = xp(x).sqrt(summed(x * x, dims, keepdims=keepdim))
    elif ord == math.inf:
        out = xp(x).abs(x).max(dims, keepdims=keepdim)
    elif ord == -math.inf:
        out = xp(x).abs(x).min(dims, keepdims=keepdim)
    elif ord == 1:
        out = summed(xp(x).abs(x), dims, keepdims=keepdim)
    else:
        out = summed(xp(x).abs(x) ** ord, dims, keepdims=keepdim) ** (1 / ord)
    return out.astype(kind, copy=False)


@composite(out=True)
def vector_norm(x, ord=2, dim=None, keepdim=False, *, dtype=None):
    """(Σ |x|^ord)^(1/ord) over ``dim`` (an int, a tuple, or None for all).

    ``ord`` may be inf (largest), -inf (smallest) and 0 (how many are not zero). RuntimeError for integers,
    and for a narrower ``dtype``.
    """
    if dtype is not None:
        floating_kind(array_of(x), None, "linalg.vector_norm")
        if promote_types(x.dtype, dtype) is not as_dtype(dtype):
            raise RuntimeError(
                f"linalg.vector_norm: the dtype of the input ({x.dtype}) should be convertible without "
                f"narrowing to {as_dtype(dtype)}"
            )
        x = to_dtype(x, dtype)
    return _vector_norm(x, float(ord), dim, keepdim)


@composite
def dist(input, other, p: float = 2):
    """The norm of order ``p`` of input - other. Shapes broadcast. TypeError if other is not a tensor."""
    if not isinstance(other, Variable):
        raise TypeError(f"dist(): argument 'other' must be a tensor, not {type(other).__name__}")
    return vector_norm(input - other, p)
