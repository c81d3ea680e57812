"""The methods of a tensor that draw random numbers: ``uniform_`` and others fill it in place."""

from __future__ import annotations

import math

import numpy

from ..core.arrays import CPU, device_of, move
from ..core.dtypes import category
from ..core.graph import Variable, wrap
from ..ops.complex import view_as_real
from ..ops.composite import composite, takes_tensors
from ..ops.elementwise import check_real
from ..ops.inplace import assign, prepare_write
from .generator import coins, floats, integers, picks, source_of


@numpy.errstate(all="ignore")  # overflow gives inf, without a warning
def _fill(x, values):
    x.array[...] = move(values, device_of(x.array))
    return assign(x, wrap(x.array))


def _check_floating(x, name):
    if category(x.array.dtype) != 2:
        raise RuntimeError(
            f"{name} draws from a continuous probability distribution. dtype must be a floating point "
            f"but you specified {x.array.dtype}"
        )


# Each with an underscore changes the tensor in place, as a constant for autograd, and returns it.


def bernoulli(self, p=None, *, generator=None):
    """As :func:`mytorch.bernoulli`: 1 with the probability in each element, or with ``p``, else 0."""
    if p is None and category(self.array.dtype) != 2:
        raise NotImplementedError(
            f"bernoulli is not implemented for probabilities of dtype {self.array.dtype}"
        )
    # in the graph, with a gradient of zero
    return self.clone().bernoulli_(self.detach() if p is None else p, generator=generator)


def multinomial(self, num_samples, replacement=False, *, generator=None):
    """As :func:`mytorch.multinomial`: indices drawn with the weights in each row."""
    indices = picks(source_of(generator), move(self.array, CPU), num_samples, replacement)
    return wrap(move(indices, device_of(self.array)))


@composite
@takes_tensors
def uniform_(self, from_=0.0, to=1.0, *, generator=None):
    """Fill with uniform numbers in [from, to), both parts of complex ones.

    RuntimeError if ``from`` exceeds ``to`` or the dtype cannot hold them, NotImplementedError for
    integers.
    """
    if self.array.dtype.kind == "c":
        uniform_(view_as_real(self), from_, to, generator=generator)
        return self
    prepare_write(self)
    kind = self.array.dtype
    values = floats(source_of(generator).random, self.array.shape, kind)
    largest = float(numpy.finfo("float32" if kind.kind == "V" else kind).max)
    for name, bound in (("from", from_), ("to", to)):
        if abs(bound) > largest:
            raise RuntimeError(f"{name} is out of bounds for {self.array.dtype}")
    if from_ > to:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={from_} > to={to}")
    with numpy.errstate(all="ignore"):
        return _fill(self, values if (from_, to) == (0, 1) else values * (to - from_) + from_)


@composite
def normal_(self, mean=0.0, std=1.0, *, generator=None):
    """Fill with normal numbers; both parts of complex ones have the mean, and the variance half each.

    RuntimeError for a negative ``std``, NotImplementedError for integers.
    """
    if not std >= 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
    if self.array.dtype.kind == "c":
        normal_(view_as_real(self), mean, std * math.sqrt(0.5), generator=generator)
        return self
    prepare_write(self)
    values = floats(source_of(generator).standard_normal, self.array.shape, self.array.dtype)
    with numpy.errstate(all="ignore"):
        return _fill(self, values if (mean, std) == (0, 1) else values * std + mean)


def bernoulli_(self, p=0.5, *, generator=None):
    """Fill with 1 with probability ``p``, a number or a tensor that broadcasts to this shape, else 0.

    RuntimeError unless it lies in [0, 1].
    """
    check_real(self, "bernoulli_")
    prepare_write(self)
    chance = move(p.array, CPU) if isinstance(p, Variable) else p
    coming, shape = numpy.shape(chance), self.array.shape
    if len(coming) > len(shape) or any(n not in (1, m) for n, m in zip(coming[::-1], shape[::-1])):
        raise RuntimeError(
            f"The expanded size of the tensor {list(shape)} must match the existing size {list(coming)} of p"
        )
    return _fill(self, coins(source_of(generator), chance, self.array.shape))


@takes_tensors
def random_(self, from_=None, to=None, *, generator=None):
    """Fill with uniform integers: ``random_(to)`` in [0, to), ``random_(from, to)`` in [from, to).

    ``random_()`` draws in [0, largest]: the largest integer of the dtype, or the last one up to which a
    floating-point dtype has all integers. RuntimeError for an empty range.
    """
    check_real(self, "random_")
    prepare_write(self)
    kind = self.array.dtype
    bounds = [bound for bound in (from_, to) if bound is not None]
    if not bounds:
        bits = {"b": 1, "V": 8}.get(kind.kind) or (
            numpy.finfo(kind).nmant + 1 if kind.kind == "f" else 8 * kind.itemsize - (kind.kind == "i")
        )
        bounds = (0, 2**bits + (kind.kind in "fV"))
    low, high = bounds if len(bounds) == 2 else (0, *bounds)
    return _fill(self, integers(source_of(generator), low, high, self.array.shape, kind))


@composite
def exponential_(self, lambd=1.0, *, generator=None):
    """Fill with exponential numbers of rate ``lambd``.

    RuntimeError unless the rate is positive and the dtype floating-point.
    """
    prepare_write(self)
    _check_floating(self, "exponential_")
    if not lambd > 0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd}")
    with numpy.errstate(all="ignore"):
        return _fill(self, source_of(generator).standard_exponential(self.array.shape) / lambd)


@composite
def log_normal_(self, mean=1.0, std=2.0, *, generator=None):
    """Fill with log-normal numbers: the exponential of normal ones.

    RuntimeError unless ``std`` is positive and the dtype floating-point.
    """
    prepare_write(self)
    check_real(self, "log_normal_")
    _check_floating(self, "log_normal_")
    if not std > 0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std}")
    return _fill(self, source_of(generator).lognormal(mean, std, self.array.shape))


@composite
def cauchy_(self, median=0.0, sigma=1.0, *, generator=None):
    """Fill with Cauchy numbers.

    RuntimeError unless ``sigma`` is positive and the dtype floating-point.
    """
    prepare_write(self)
    _check_floating(self, "cauchy_")
    if not sigma > 0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma}")
    with numpy.errstate(all="ignore"):
        return _fill(self, median + sigma * source_of(generator).standard_cauchy(self.array.shape))


def geometric_(self, p, *, generator=None):
    """Fill with geometric numbers: trials up to the first success of probability ``p``.

    RuntimeError unless ``p`` lies in (0, 1).
    """
    check_real(self, "geometric_")
    prepare_write(self)
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p}")
    uniform = source_of(generator).random(self.array.shape)
    return _fill(self, numpy.floor(numpy.log(1 - uniform) / math.log1p(-p)) + 1)
