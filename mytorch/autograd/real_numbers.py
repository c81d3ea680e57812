"""Tensors as flat real numbers, for gradcheck: a complex element counts as two."""

from __future__ import annotations

import numpy

from ..core.arrays import device_of, move
from ..core.graph import wrap


def real_values(variable):
    """The elements as a flat float64 array on the host; complex ones as pairs (real, imaginary)."""
    array = move(variable.array, "cpu")
    if array.dtype.kind == "c":
        return array.astype("complex128").reshape(-1).view("float64")
    return array.astype("float64").reshape(-1)


def unit_steps(dtype):
    """The directions in which one element can change."""
    return (1, 1j) if dtype.kind == "c" else (1,)


def count_reals(variable):
    """How many real numbers a tensor holds."""
    return variable.array.size * len(unit_steps(variable.array.dtype))


def position(variable, number):
    """The index of the element, and of its part, to which a position in :func:`real_values` belongs."""
    units = unit_steps(variable.array.dtype)
    index, part = divmod(int(number), len(units))
    at = [int(n) for n in numpy.unravel_index(index, variable.array.shape)]
    return f"{at}" if len(units) == 1 else f"{at}.{('real', 'imag')[part]}"


def random_like(variable, rng, spread=False):
    """A leaf of random numbers with the shape, dtype and device of ``variable``.

    With ``spread`` it is not contiguous in memory.
    """
    units = unit_steps(variable.array.dtype)
    values = sum(unit * rng.standard_normal(variable.array.shape) for unit in units)
    values = numpy.asarray(values, variable.array.dtype)
    if spread:
        values = numpy.repeat(values[..., None], 2, axis=-1)[..., 0]
    return wrap(move(values, device_of(variable.array))).requires_grad_()
