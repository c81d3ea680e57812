"""Arrays with hidden batch dimensions: what tensors hold inside of ``vmap``.

A :class:`BatchedArray` is a third kind of array beside NumPy's and CuPy's, so operations, formulas and the
walk back need not know of it. It looks like the array of one entry; its batch dimensions, one for each
``vmap`` around, lead in ``data``. NumPy's functions reach it by NumPy's own protocols, and ``array_rules.py``
says for each family of them what it means for all entries at once; any other runs entry by entry.
"""

from __future__ import annotations

import contextlib
import math
import sys
from contextvars import ContextVar

import numpy
from numpy.lib.mixins import NDArrayOperatorsMixin

from ..core.arrays import as_array, is_array, modules, xp
from ..ops.layout import owner
from ..tensors.conversion import ConversionMethods

BOOL = (
    "vmap: It looks like you're attempting to use a Tensor in some data-dependent control flow. We don't "
    "support that yet, please shout over at https://github.com/pytorch/functorch/issues/257 ."
)
ITEM = (
    "vmap: It looks like you're calling .item() on a Tensor. We don't support vmap over calling .item() on a "
    "Tensor, please try to rewrite what you're doing with other operations. If error is occurring somewhere "
    "inside PyTorch internals, please file a bug report."
)
INPLACE = (
    "vmap: in-place arithmetic is not possible because there exists a Tensor `other` that has more elements "
    "than `self`. This happened due to `other` being vmapped over but `self` not being vmapped over in a "
    "vmap. Please try to use out-of-place operators instead. If said operator is being called inside the "
    "PyTorch framework, please file a bug report instead."
)


class NotBatched(TypeError, AttributeError):
    """What a batched array cannot do for all entries at once: it is done entry by entry."""


class SharedWrite(RuntimeError):
    """Batched values are to be written into an array that all entries share."""

    def __init__(self, text=INPLACE):
        super().__init__(text)


class BatchedArray(NDArrayOperatorsMixin):
    """One entry's array, for all entries.

    data: the array of all, with one leading dimension for each of ``levels``.
    levels: numbers of the ``vmap`` calls that it is batched by, ascending. Without any it is the same for all
        entries; written to with batched values in place, it takes up their levels.

    ``array_indexing.py`` adds indexing, ``array_rules.py`` NumPy's protocols and the methods that are rules.
    """

    __slots__ = ("data", "levels", "ndim", "shape", "whole")

    def __init__(self, data, levels):
        self.data, self.levels = data, levels
        self.shape = data.shape[len(levels) :]
        self.ndim = len(self.shape)
        self.whole = None  # for a view: the batched array that it was taken from

    # ---- what it is, as of one entry -------------------------------------------------------------

    strides = property(lambda self: self.data.strides[len(self.levels) :])
    size = property(lambda self: math.prod(self.shape))
    nbytes = property(lambda self: self.size * self.data.itemsize)
    lead = property(lambda self: self.data.shape[: len(self.levels)], doc="The sizes of the batch.")
    dtype = property(lambda self: self.data.dtype)
    itemsize = property(lambda self: self.data.itemsize)
    flags = property(lambda self: self.data.flags)
    device = property(lambda self: self.data.device)
    ctypes = property(lambda self: self.data.ctypes)
    real = property(lambda self: self.again(self.data.real))
    imag = property(lambda self: self.again(self.data.imag))
    T = property(lambda self: self.mT if self.ndim == 2 else self.transpose())
    mT = property(lambda self: self.again(self.data.swapaxes(-1, -2)))

    @property
    def base(self):
        """Whose memory it is, None for its own."""
        return self.whole if self.whole is not None or self.data.base is None else owner(self.data)

    def again(self, data):
        """``data``, perhaps a view, with the levels of this one."""
        own = self.data
        new = type(self)(data, self.levels) if type(data) is type(own) else batched(data, self.levels)
        if new.data.base is not None and (new.data.base is own or new.data.base is own.base):
            new.whole = self if self.whole is None else self.whole
        return new

    def astype(self, dtype, order="K", copy=True, **options):
        if not copy and self.data.dtype == dtype:
            return self
        return self.again(self.data.astype(dtype, copy=copy))

    def copy(self, order="C"):
        return self.again(self.data.copy())

    def view(self, *dtype):
        return self.again(self.data.view(*dtype))

    def sort(self, axis=-1, **options):
        self.data.sort(axis + len(self.levels) if axis >= 0 else axis, **options)

    def fill(self, value):
        self[...] = value

    def flatten(self):
        return numpy.ravel(self).copy()

    def transpose(self, *axes):
        axes = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
        ahead = len(self.levels)
        axes = [a % self.ndim for a in axes] if axes else range(self.ndim)[::-1]
        return self.again(self.data.transpose(*range(ahead), *(a + ahead for a in axes)))

    def conj(self):
        return numpy.conj(self)

    def __len__(self):
        if not self.ndim:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __repr__(self):
        return f"BatchedArray(levels={self.levels}, batch={self.lead}, shape={self.shape}, {self.data!r})"

    # ---- what only the entries have --------------------------------------------------------------

    def item(self, *args):
        """RuntimeError, as in PyTorch, if it is the user who asks; an operation that asks runs by entries."""
        if not self.levels:
            return self.data.item(*args)
        caller = sys._getframe(1)
        if caller.f_globals["__name__"] != ConversionMethods.__module__:
            raise NotBatched("a batched array is no number")
        raise RuntimeError(BOOL if caller.f_code.co_name == "__bool__" else ITEM)

    def tolist(self):
        if not self.levels:
            return self.data.tolist()
        raise RuntimeError(ITEM)

    def __bool__(self):
        return bool(self._number())

    def __int__(self):
        return int(self._number())

    def __float__(self):
        return float(self._number())

    def __complex__(self):
        return complex(self._number())

    def __index__(self):
        if self.ndim:
            raise NotBatched("only a number is an index")
        return self._number().__index__()

    def _number(self):
        """The number that all entries have: then what they depend on it for is the same."""
        numbers = self.data.reshape(-1)
        if self.size != 1 or not (numbers == numbers[0]).all():
            raise NotBatched("a batched array is no number")
        return numbers[0]

    def __array__(self, dtype=None, copy=None):
        if not self.levels:
            return numpy.array(self.data, dtype, copy=copy)
        raise SharedWrite  # NumPy wants it to write it into an array of its own

    def __getattr__(self, name):
        raise NotBatched(f"a batched array has no {name!r}")


def batched(data, levels):
    """A :class:`BatchedArray` of the kind that belongs to the type of ``data``."""
    kind = _kinds.get(type(data))
    if kind is None:
        data = as_array(data)  # a reduction returns a number
        kind = _kinds.get(type(data)) or _kind_for(type(data))
    return kind(data, levels)


class Module:
    """What ``xp`` of a batched array is: NumPy's functions, which go by the protocols, and arrays that take
    up levels when batched values are written to them.
    """

    __name__ = "batched"

    def __init__(self, below):
        self.below = below
        self.lib = self.stride_tricks = self

    def __getattr__(self, name):
        found = self.__dict__[name] = getattr(numpy, name)
        return found

    def asarray(self, x, dtype=None, **options):
        if isinstance(x, BatchedArray):
            return x if dtype is None else x.astype(dtype, copy=False)
        if isinstance(x, (list, tuple)) and any(isinstance(v, BatchedArray) for v in x):
            return self.asarray(numpy.stack([self.asarray(v) for v in x]), dtype)
        return batched(self.below.asarray(x, dtype), ())

    def array(self, x, dtype=None, copy=True, **options):
        made = self.asarray(x, dtype)
        return made.copy() if copy and made is x else made

    def ascontiguousarray(self, x, dtype=None):
        x = self.asarray(x, dtype)
        return x.again(self.below.ascontiguousarray(x.data))

    asfortranarray = ascontiguousarray

    def take(self, x, indices, axis=None, **options):
        return numpy.take(self.asarray(x), indices, axis, **options)  # NumPy looks at the kind of ``x`` alone

    def asnumpy(self, x):
        return x

    def as_strided(self, x, shape, strides, **options):
        ahead = x.data.strides[: len(x.levels)]
        strided = self.below.lib.stride_tricks.as_strided
        new = batched(strided(x.data, (*x.lead, *shape), (*ahead, *strides), **options), x.levels)
        new.whole = x if x.whole is None else x.whole  # NumPy puts an object between the two
        return new


_written: ContextVar = ContextVar("levels of arrays that are written to", default=((), ()))


def _creating(name):
    def create(self, *args, **options):
        levels, lead = _written.get() if name in ("zeros", "ones", "empty", "full") else ((), ())
        made = batched(getattr(self.below, name)(*args, **options), ())
        return batched(spread(made, levels, lead).copy(), levels) if levels else made

    return create


for _name in "zeros ones empty full eye arange linspace identity tri".split():
    setattr(Module, _name, _creating(_name))


_kinds: dict = {numpy.ndarray: BatchedArray}  # type of the data -> that of the batched array
modules[BatchedArray] = Module(numpy)  # type: ignore[index, assignment]


def _kind_for(array_type):
    kind = type("BatchedArray", (BatchedArray,), {"__slots__": ()})
    modules[kind] = Module(modules[array_type])
    _kinds[array_type] = kind
    return kind


# ---- levels --------------------------------------------------------------------------------------


def union(values):
    """The levels of all ``values`` together, ascending."""
    return frame(values)[0]


def frame(values):
    """(the levels of all ``values`` together, ascending; the most dimensions that an entry of one has)."""
    levels, ndim = (), 0
    for v in values:
        if isinstance(v, BatchedArray):
            if v.levels != levels:
                levels = tuple(sorted({*levels, *v.levels})) if levels and v.levels else levels or v.levels
            ndim = max(ndim, v.ndim)
        elif is_array(v):
            ndim = max(ndim, v.ndim)
    return levels, ndim


def aligned(x, levels, ndim=None):
    """The data of ``x`` with one leading dimension, perhaps of size 1, for each of ``levels``, and ``ndim``
    more; of what is no batched array, if ``ndim`` is given only where it has dimensions.
    """
    if not isinstance(x, BatchedArray):
        return x
    more = 0 if ndim is None else ndim - x.ndim
    if x.levels == levels:
        return x.data.reshape(x.lead + (1,) * more + x.shape) if more else x.data
    sizes = dict(zip(x.levels, x.data.shape))
    lead = tuple(sizes.get(level, 1) for level in levels)
    return x.data.reshape(lead + (1,) * more + x.shape)


def of_entries(x):
    """The plain array of what is the same for all entries; anything else as it is."""
    return x.data if isinstance(x, BatchedArray) and not x.levels else x


def lead_of(values, levels):
    """The sizes of ``levels``, which each have one of ``values``."""
    sizes: dict = {}
    for v in values:
        if isinstance(v, BatchedArray):
            sizes.update(zip(v.levels, v.lead))
    return tuple(sizes[level] for level in levels)


def spread(x, levels, lead):
    """The data of ``x``, an array or a batched one, repeated (as a view) to the batch ``lead``."""
    if not isinstance(x, BatchedArray):
        x = batched(x, ())
    data = aligned(x, levels)
    return data if data.shape[: len(lead)] == lead else xp(data).broadcast_to(data, (*lead, *x.shape))


@contextlib.contextmanager
def writing(levels, lead):
    """New arrays have all ``levels``, so that parts of them can be written to."""
    token = _written.set((levels, lead))
    try:
        yield
    finally:
        _written.reset(token)


def grow(target, values):
    """Let ``target``, a batched array, take up all levels of ``values``, it among them; returns these.

    SharedWrite if it is a view: the memory is that of all entries.
    """
    levels = union(values)
    if levels != target.levels:
        if target.data.base is not None and target.data.size:
            raise SharedWrite
        target.data, target.levels = spread(target, levels, lead_of(values, levels)).copy(), levels
    return levels
