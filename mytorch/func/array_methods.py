"""Methods and operators of batched arrays: the same as NumPy's functions, without NumPy's way to them."""

from __future__ import annotations

import functools

import numpy

from .array_products import matmul
from .array_rules import binary, elementwise, of_function, reshape, shifted
from .batched_array import BatchedArray, aligned, batched, of_entries
from .entrywise import entrywise


def _method(name):
    function = getattr(numpy, name)

    def method(self, *args, **kwargs):
        return of_function(self, function, (), (self, *args), kwargs)

    return method


def _reduction(name, most):
    """The method ``name`` with at most so many arguments after the axis."""
    whole = _method(name)

    def method(self, axis=None, *args, keepdims=False, **options):
        if len(args) > most or options:
            return whole(self, axis, *args, keepdims=keepdims, **options)
        ahead = len(self.levels)
        whole_entry = axis is None or not self.ndim  # NumPy takes an axis of a number, too
        axis = tuple(range(ahead, ahead + self.ndim)) if whole_entry else shifted(axis, ahead)
        return batched(getattr(self.data, name)(axis, *args, keepdims=keepdims), self.levels)

    return method


for _name, _most in {"sum": 1, "prod": 1, "mean": 1, "max": 0, "min": 0, "any": 0, "all": 0}.items():
    setattr(BatchedArray, _name, _reduction(_name, _most))
for _name in """
    var std argmax argmin cumsum cumprod argsort clip round take repeat squeeze swapaxes ravel diagonal trace
    dot
""".split():
    setattr(BatchedArray, _name, _method(_name))


def _reshape_method(self, *shape, order="C"):
    if len(shape) > 1 and order == "C" and self.data.size:
        return self.again(self.data.reshape((*self.lead, *shape)))
    return reshape(None, self, shape[0] if len(shape) == 1 else shape, order)


def _searchsorted(self, values, side="left"):
    """Places in a vector: at once if it is the same for all entries."""
    if self.levels:
        return entrywise(numpy.ndarray.searchsorted, (self, values), {"side": side})
    return values.again(self.data.searchsorted(values.data, side))


BatchedArray.searchsorted = _searchsorted  # type: ignore[attr-defined]
BatchedArray.reshape = _reshape_method  # type: ignore[attr-defined]


def _in_place(ufunc, x, y):
    """``ufunc(x, y, out=x)``, of a batched ``x``."""
    y = of_entries(y)
    if not x.levels or getattr(y, "levels", x.levels) != x.levels or getattr(y, "ndim", 0) > x.ndim:
        return elementwise(ufunc, x, y, out=x)
    ufunc(x.data, aligned(y, x.levels, x.ndim), out=x.data)
    return x


def _set_operators(name, function):
    setattr(BatchedArray, f"__{name}__", lambda self, other: function(self, other))
    setattr(BatchedArray, f"__r{name}__", lambda self, other: function(other, self))


for _name, _ufunc in {
    "add": numpy.add,
    "sub": numpy.subtract,
    "mul": numpy.multiply,
    "truediv": numpy.divide,
}.items():
    _set_operators(_name, functools.partial(binary, _ufunc))
    setattr(BatchedArray, f"__i{_name}__", lambda self, other, f=_ufunc: _in_place(f, self, other))
for _name, _ufunc in {
    "eq": numpy.equal,
    "ne": numpy.not_equal,
    "lt": numpy.less,
    "le": numpy.less_equal,
    "gt": numpy.greater,
    "ge": numpy.greater_equal,
}.items():
    setattr(BatchedArray, f"__{_name}__", lambda self, other, f=_ufunc: binary(f, self, other))
_set_operators("matmul", matmul)
