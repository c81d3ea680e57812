"""Differences and sums along a sequence, covariance."""

from __future__ import annotations

import warnings

from ...core.arrays import array_of
from ...core.dtypes import as_dtype
from ...core.graph import Variable
from ...core.sums import summed
from ..bounds import clamp, clamp_min
from ..cast import is_floating, to_dtype
from ..complex import complex
from ..composite import composite
from ..diagonal import diagonal
from ..join import cat
from ..layout import owned
from ..matmul import matmul
from ..permute import adjoint
from ..reduce import mean
from ..shape import reshape
from ..shape_arguments import check_dim, check_dims, integer
from ..split import narrow, select
from ..transcendental import sqrt
from .scan import cumsum


@composite(out=True)
def diff(input, n=1, dim=-1, prepend=None, append=None):
    """The ``n``-th differences between neighbours along ``dim``, after ``prepend`` and before ``append``.

    For booleans: whether they differ. RuntimeError for a 0-d tensor or a negative ``n``.
    """
    if not input.shape:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    dim = check_dim(dim, len(input.shape))
    parts = [x for x in (prepend, input, append) if x is not None]
    if any(len(x.shape) != len(input.shape) for x in parts):
        raise RuntimeError(
            "diff expects prepend or append to be the same dimension as input, got "
            f"{[list(x.shape) for x in parts]}"
        )
    out = cat(parts, dim) if len(parts) > 1 and n else input
    for _ in range(min(n, out.shape[dim])):
        size = out.shape[dim] - 1
        later, earlier = narrow(out, dim, 1, size), narrow(out, dim, 0, size)
        out = later ^ earlier if later.dtype == "bool" else later - earlier
    return owned(out, input)


def _pairs(y, dim):
    """The sums of neighbours along ``dim``."""
    size = max(y.shape[dim] - 1, 0)
    return narrow(y, dim, 0, size) + narrow(y, dim, y.shape[dim] - size, size)


def _widths(y, x, dx, dim):
    """The distances of neighbours along ``dim``: a number, or a tensor that broadcasts."""
    if x is not None and dx is not None:
        raise RuntimeError("trapezoid: only one of x and dx can be given")
    if x is None:
        if isinstance(dx, bool):
            raise RuntimeError("trapezoid: Currently, we only support dx as a real number.")
        return 1.0 if dx is None else float(dx)
    if x.shape and x.shape[-1 if len(x.shape) == 1 else dim - len(y.shape)] != y.shape[dim]:
        raise RuntimeError(
            f"trapezoid: There must be one `x` value for each sample point, got {list(x.shape)} for "
            f"{list(y.shape)}"
        )
    if len(x.shape) == 1:
        return reshape(diff(x), shape=(-1,) + (1,) * (len(y.shape) - dim - 1))
    return diff(x, 1, dim - len(y.shape))


def _refuse_bool(x, message):
    if as_dtype(x.dtype).numpy.kind == "b":
        raise RuntimeError(message)


def _refuse_bools(y, x, name):
    for value in (y, x):
        if value is not None:
            _refuse_bool(value, f"{name}: received a bool input for `x` or `y`, but bool is not supported")


@composite
def trapezoid(y, x=None, *, dx: float | None = None, dim=-1):
    """The integral of ``y`` over ``dim`` by the trapezoidal rule, for values at ``x`` or ``dx`` (1) apart.

    RuntimeError for booleans.
    """
    _refuse_bools(y, x, "trapezoid")
    dim = check_dim(dim, len(y.shape))
    widths = _widths(y, x, dx, dim)
    if x is not None:
        return summed(_pairs(y, dim) * widths, dim) / 2
    if not y.shape[dim]:
        return summed(y, dim) * widths
    return (summed(y, dim) - (select(y, dim, 0) + select(y, dim, -1)) * 0.5) * widths


trapz = trapezoid


@composite
def cumulative_trapezoid(y, x=None, *, dx: float | None = None, dim=-1):
    """The running integral of ``y`` over ``dim`` by the trapezoidal rule: one element less than ``y``."""
    _refuse_bools(y, x, "cumulative_trapezoid")
    dim = check_dim(dim, len(y.shape))
    return cumsum(_pairs(y, dim) * _widths(y, x, dx, dim) / 2, dim=dim)


@composite
def cov(input, *, correction=1, fweights=None, aweights=None):
    """The covariances of variables (rows) over observations (columns), (n, m) -> (n, n).

    The weights of the observations are optional. RuntimeError for more dimensions, and for booleans.
    """
    _check_cov(input, fweights, aweights)
    correction = integer(correction)
    x = reshape(input, shape=(1, -1)) if len(input.shape) < 2 else input
    x = x if isinstance(x, Variable) and x.array.dtype.kind in "fcV" else x * 1.0
    if fweights is None and aweights is None:
        norm = x.shape[1] - correction
        centered = weighted = x - mean(x, dim=1, keepdim=True)
    else:
        if fweights is None or aweights is None:
            weights = aweights if fweights is None else fweights
        else:
            weights = fweights * aweights
        total = summed(weights)
        weights = weights if is_floating(weights) else to_dtype(weights, x.array.real.dtype)
        norm = total - correction * (summed(weights * aweights) / total if aweights is not None else 1)
        centered = x - summed(x * weights, 1, keepdims=True) / total
        weighted = centered * weights
    if array_of(norm) <= 0:
        warnings.warn(
            "cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of "
            "observations.",
            stacklevel=3,
        )
    norm = clamp_min(norm, 0) if isinstance(norm, Variable) else max(norm, 0)
    return (matmul(weighted, adjoint(centered)) / norm).squeeze()


def _check_cov(input, fweights, aweights):
    """RuntimeError for an input or weights that cov does not take."""
    if len(input.shape) > 2:
        raise RuntimeError(
            "cov(): expected input to have two or fewer dimensions but got an input with "
            f"{len(input.shape)} dimensions"
        )
    _refuse_bool(input, "cov(): bool dtype is not supported for input")
    observations = input.shape[-1] if input.shape else 1
    for name, w in (("fweights", fweights), ("aweights", aweights)):
        if w is not None and len(w.shape) > 1:
            raise RuntimeError(
                f"cov(): expected {name} to have one or fewer dimensions but got {name} with {len(w.shape)} "
                "dimensions"
            )
        if w is not None and array_of(w).size != observations:
            raise RuntimeError(
                f"cov(): expected {name} to have the same numel as there are observations in the input but "
                f"got {array_of(w).size} != {observations}"
            )
    _check_weights(fweights, aweights)


def _check_weights(fweights, aweights):
    """RuntimeError unless ``fweights`` are integers and ``aweights`` floating point, none negative."""
    for name, w, what, kinds in (
        ("fweights", fweights, "integral", "iu"),
        ("aweights", aweights, "floating point", "fV"),
    ):
        if w is None:
            continue
        if as_dtype(w.dtype).numpy.kind not in kinds:
            raise RuntimeError(
                f"cov(): expected {name} to have {what} dtype but got {name} with {w.dtype} dtype"
            )
        if array_of(w).size and array_of(w).min() < 0:
            raise RuntimeError(f"cov(): {name} cannot be negative")


def corrcoef(input):
    """The correlation coefficients of variables (rows) over observations (columns), (n, m) -> (n, n)."""
    c = cov(input)
    if not c.shape:
        return c / c
    scale = sqrt(diagonal(c))
    out = c / scale[:, None] / scale[None, :]
    if array_of(out).dtype.kind == "c":
        return complex(clamp(out.real, -1, 1), clamp(out.imag, -1, 1))
    return clamp(out, -1, 1)


# ---- derivatives of sampled functions ------------------------------------------------------------


@composite
def gradient(input, *, spacing=None, dim=None, edge_order=1):
    """The derivatives of samples along each dimension, or those in ``dim``, as a tuple of tensors.

    Inside, second-order central differences; at the ends, differences of ``edge_order`` 1 or 2 (Fornberg,
    1988).

    RuntimeError for samples too few, or for spacings that do not fit.
    """
    ndim, spacing = len(input.shape), 1 if spacing is None else spacing
    dims = check_dims(dim, ndim)
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    steps = list(spacing) if isinstance(spacing, (tuple, list)) else [spacing] * len(dims)
    if len(steps) != len(dims):
        raise RuntimeError(
            f"torch.gradient expected spacing to be unspecified, a scalar, or a list of length {len(dims)}, "
            f"but got length {len(steps)}"
        )
    return tuple(_derivative(input, d, step, edge_order) for d, step in zip(dims, steps))


def _derivative(f, dim, step, edge_order):
    """The derivative of samples ``f`` along one dimension; ``step`` is their distance or coordinates."""
    n = f.shape[dim]
    if n < edge_order + 1:
        raise RuntimeError(
            f"torch.gradient expected each dimension size to be at least edge_order+1, but got {n}"
        )
    if isinstance(step, Variable) and step.shape:
        if len(step.shape) != 1 or step.shape[0] != n:
            raise RuntimeError(
                f"torch.gradient expected each spacing tensor to hold {n} coordinates, but got shape "
                f"{list(step.shape)}"
            )
        gaps = reshape(diff(step), shape=(-1,) + (1,) * (len(f.shape) - dim - 1))
    else:
        gaps = None
    quotients = diff(f, 1, dim) / (step if gaps is None else gaps)  # between neighbours
    first, last = narrow(quotients, dim, 0, 1), narrow(quotients, dim, n - 2, 1)
    if n == 2:
        return cat([first, last], dim)
    left, right = narrow(quotients, dim, 0, n - 2), narrow(quotients, dim, 1, n - 2)
    if gaps is None:
        share = 0.5
    else:  # the difference on each side is weighted by the gap on the other
        before, after = narrow(gaps, 0, 0, n - 2), narrow(gaps, 0, 1, n - 2)
        share = after / (before + after)
    inside = left * share + right * (1 - share)
    # linear extrapolation from the middles of the first two gaps, and of the last two
    if edge_order == 2:
        ahead = behind = 0.5
        if gaps is not None:
            ahead = gaps[:1] / (gaps[:1] + gaps[1:2])
            behind = gaps[-1:] / (gaps[-1:] + gaps[-2:-1])
        first = first + (first - narrow(quotients, dim, 1, 1)) * ahead
        last = last + (last - narrow(quotients, dim, n - 3, 1)) * behind
    return cat([first, inside, last], dim)
