"""Numbers as mantissa and exponent, slices of bounded norm."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..core.arrays import array_of, xp
from ..core.dtypes import category
from ..core.primitive import primitive
from .composite import composite
from .elementwise import select
from .shape_arguments import check_dim
from .transcendental import exp2
from .vector_norm import vector_norm


class frexp_result(NamedTuple):
    """Mantissas in [1/2, 1), with a sign, and the exponents of 2."""

    mantissa: Any
    exponent: Any


@primitive(outputs=("mantissa", "exponent"), x=lambda g, x, exponent: g[0] / exp2(exponent.astype(_kind(x))))
def _frexp(x):
    if category(x.dtype) != 2:
        raise RuntimeError(f"torch.frexp() only supports floating-point dtypes, got {x.dtype}")
    return xp(x).frexp(x)


def _kind(x):
    return array_of(x).dtype


@composite(out=True)
def frexp(input):
    """mantissa · 2^exponent = input, elementwise: a pair, the exponents in int32.

    RuntimeError for integers.
    """
    return frexp_result(*_frexp(input))


@composite(out=True)
def renorm(input, p: float, dim, maxnorm: float):
    """Slices along ``dim`` whose ``p``-norm exceeds ``maxnorm`` scaled down to it, the others as they are.

    RuntimeError for vectors, or p <= 0.
    """
    if len(input.shape) < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {len(input.shape)} dimensions")
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    dim = check_dim(dim, len(input.shape))
    norms = vector_norm(input, p, tuple(d for d in range(len(input.shape)) if d != dim), True)
    return input * select(norms > maxnorm, maxnorm / (norms + 1e-7), 1)
