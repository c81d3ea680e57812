"""Functions that make tensors of random numbers."""

from __future__ import annotations

import numpy

from ..core.arrays import CPU, device_of, move, quietly
from ..core.dtypes import category
from ..core.grad_mode import is_grad_enabled
from ..core.graph import Variable
from ..core.primitive import primitive
from ..core.scalar_arguments import as_number
from ..ops.composite import composite
from ..ops.elementwise import flat
from ..ops.promotion import check_fits
from ..ops.shape_arguments import sizes
from .creation import array_argument, creation_options, finish, given_shape
from .from_data import as_type
from .generator import (
    Generator,
    coins,
    default_generator,
    floats,
    integers,
    picks,
    source_of,
)

__all__ = [
    "Generator",
    "bernoulli",
    "default_generator",
    "multinomial",
    "normal",
    "poisson",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "randperm",
]


def _uniform(source, shape, kind):
    return floats(source.random, shape, kind)


def _normal(source, shape, kind):
    return floats(source.standard_normal, shape, kind)


def _drawn(draw, size, generator, dtype, device, requires_grad, options):
    shape = given_shape(size, options)
    kind, place, out = creation_options(dtype, device, options)
    return finish(move(draw(source_of(generator), shape, kind), place), out, requires_grad)


def _drawn_like(draw, input, generator, dtype, device, requires_grad, options):
    array = array_argument(input, "rand_like")
    kind, place, _ = creation_options(
        array.dtype if dtype is None else dtype, device if device is not None else device_of(array), options
    )
    return finish(move(draw(source_of(generator), array.shape, kind), place), None, requires_grad)


def rand(*size, generator=None, dtype=None, device=None, requires_grad=False, **options):
    """Uniform random numbers in [0, 1) of shape ``size``. NotImplementedError for integer dtypes."""
    return _drawn(_uniform, size, generator, dtype, device, requires_grad, options)


def randn(*size, generator=None, dtype=None, device=None, requires_grad=False, **options):
    """Standard normal random numbers of shape ``size``. NotImplementedError for integer dtypes."""
    return _drawn(_normal, size, generator, dtype, device, requires_grad, options)


def randint(
    *bounds,
    low=0,
    high=None,
    size=None,
    generator=None,
    dtype="int64",
    device=None,
    requires_grad=False,
    **options,
):
    """Uniform random integers in [low, high): ``randint(high, size)`` or ``randint(low, high, size)``.

    ``size`` is a tuple, ``low`` 0 by default. RuntimeError if the range is empty or ``dtype`` cannot hold it,
    TypeError for another ``size``.
    """
    low, high, size = _bounds(bounds, low, high, size)
    if not isinstance(size, (tuple, list)):
        raise TypeError(f"randint(): argument 'size' must be tuple of ints, not {type(size).__name__}")
    kind, place, out = creation_options(dtype if options.get("out") is None else None, device, options)
    values = integers(source_of(generator), low, high, sizes((tuple(size),)), kind)
    return finish(move(values, place), out, requires_grad)


def _bounds(bounds, low, high, size=None):
    bounds = list(bounds)
    if size is None and bounds and not hasattr(bounds[-1], "__index__"):
        size = bounds.pop()
    if len(bounds) > 2:
        raise TypeError(f"expected at most low and high, got {len(bounds)} bounds")
    if len(bounds) == 2:
        low, high = bounds
    elif bounds and high is None:
        high = bounds[0]
    elif bounds:
        low = bounds[0]
    return low, high, size


def rand_like(input, *, generator=None, dtype=None, device=None, requires_grad=False, **options):
    """Uniform random numbers in [0, 1) with the shape, dtype and device of ``input`` unless given."""
    return _drawn_like(_uniform, input, generator, dtype, device, requires_grad, options)


def randn_like(input, *, generator=None, dtype=None, device=None, requires_grad=False, **options):
    """Standard normal random numbers with the shape, dtype and device of ``input`` unless given."""
    return _drawn_like(_normal, input, generator, dtype, device, requires_grad, options)


def randint_like(
    input, *bounds, low=0, high=None, generator=None, dtype=None, device=None, requires_grad=False, **options
):
    """Uniform random integers in [low, high) with the shape, dtype and device of ``input`` unless given.

    ``randint_like(input, high)`` or ``randint_like(input, low, high)``.
    """
    low, high, _ = _bounds(bounds, low, high)

    def draw(source, shape, kind):
        return integers(source, low, high, shape, kind)

    return _drawn_like(draw, input, generator, dtype, device, requires_grad, options)


@composite
def randperm(n: int, *, generator=None, dtype="int64", device=None, requires_grad=False, **options):
    """A random permutation of 0 … n-1.

    RuntimeError for a negative ``n`` or a dtype that cannot hold it, NotImplementedError for complex ones.
    """
    if n < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
    kind, place, out = creation_options(dtype if options.get("out") is None else None, device, options)
    if kind.kind == "c":
        raise NotImplementedError(f"randperm is not implemented for {kind}")
    check_fits(max(n - 1, 0), kind)
    return finish(move(as_type(source_of(generator).permutation(n), kind), place), out, requires_grad)


def _shifted(noise, mean, std):
    """noise · std + mean in the dtype of ``noise``; overflow gives inf, without a warning."""
    with numpy.errstate(all="ignore"):
        return as_type(noise * std + mean, noise.dtype)


@primitive(complex=True, broadcasts=True, mean=flat, std=flat)
def _normally(mean, std, *, noise):
    return _shifted(noise, mean, std)


def normal(
    mean,
    std=1.0,
    size=None,
    *,
    generator=None,
    out=None,
    dtype=None,
    device=None,
    requires_grad=False,
    **options,
):
    """Normal random numbers with the given ``mean`` and ``std``, tensors that broadcast or numbers.

    Two numbers need ``size``, the shape; TypeError without a shape. The gradients of ``mean`` and ``std`` are
    zero. RuntimeError for a negative ``std``.
    """
    if size is not None:
        mean, std = as_number(mean, "normal", "mean"), as_number(std, "normal", "std")
    tensors = [v for v in (mean, std) if isinstance(v, Variable)]
    if not tensors and size is None:
        raise TypeError("normal() needs a size, or a tensor for mean or std")
    if isinstance(std, complex) or (isinstance(std, Variable) and std.is_complex()):
        raise RuntimeError("normal expects standard deviation to be non-complex")
    if isinstance(std, Variable) and (std.array < 0).any():
        raise RuntimeError("normal expects all elements of std >= 0.0")
    if not isinstance(std, Variable) and std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
    if not tensors:

        def draw(source, shape, kind):
            both = mean + 1j * mean if kind.kind == "c" else mean  # each part has the mean, as in normal_
            return _shifted(_normal(source, shape, kind), both, std)

        options["out"] = out
        return _drawn(draw, (size,), generator, dtype, device, requires_grad, options)
    shape = numpy.broadcast_shapes(*(v.shape for v in tensors))
    noise = move(_normal(source_of(generator), shape, tensors[0].array.dtype), tensors[0].device)
    result = _normally(mean, std, noise=noise)
    return result if out is None else finish(result.array, out)


def bernoulli(input, p=None, *, generator=None, out=None):
    """1 with the probability in each element of ``input``, else 0, in its shape and dtype.

    With ``p`` that is the probability everywhere. RuntimeError unless probabilities lie in [0, 1],
    NotImplementedError unless they are floating-point numbers.
    """
    array = array_argument(input, "bernoulli")
    if p is None and category(array.dtype) != 2:
        raise NotImplementedError(f"bernoulli is not implemented for probabilities of dtype {array.dtype}")
    chance = move(array, CPU) if p is None else p
    if out is not None or not (input.requires_grad and is_grad_enabled()):
        values = as_type(coins(source_of(generator), chance, array.shape), array.dtype)
        return finish(move(values, device_of(array)), out)
    return input.bernoulli(p, generator=generator)


def multinomial(input, num_samples, replacement=False, *, generator=None, out=None):
    """``num_samples`` indices drawn with the weights in each row of ``input``.

    ``input``: (N, K) or (K,); the result is int64, (N, num_samples) or (num_samples,). RuntimeError for other
    shapes, integer, negative or infinite weights, rows of zeros, and more samples than K without
    ``replacement``.
    """
    array = array_argument(input, "multinomial")
    indices = picks(source_of(generator), move(array, CPU), num_samples, replacement)
    return finish(move(indices, device_of(array)), out)


def poisson(input, generator=None):
    """Poisson random numbers with the rates in ``input``, in its shape and dtype.

    RuntimeError for negative rates, NotImplementedError unless they are floating-point numbers.
    """
    array = array_argument(input, "poisson")
    if category(array.dtype) != 2:
        raise NotImplementedError(f"poisson is not implemented for {array.dtype}")
    if not quietly(lambda: array >= 0).all():  # bfloat16 warns of nan
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    counts = numpy.asarray(source_of(generator).poisson(move(array, CPU)))
    return finish(move(as_type(counts, array.dtype), device_of(array)), None)
