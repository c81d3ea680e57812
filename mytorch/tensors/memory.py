"""Which memory a tensor has: taking that of another one, and the order of the dimensions there."""

from __future__ import annotations

import math

from ..core.arrays import xp
from ..core.dtypes import as_dtype
from ..core.grad_mode import is_grad_enabled
from ..core.graph import wrap
from ..ops.layout import owner


def set_(self, source=None, storage_offset=0, size=None, stride=None):
    """Take the memory of ``source``, a tensor or a storage, and return the tensor; of nothing if None.

    ``storage_offset``, ``size`` and ``stride``, in elements, say which ones; all of a tensor by default.
    RuntimeError for another dtype, elements outside of the memory, and where a gradient is recorded.
    """
    if self.requires_grad and is_grad_enabled():
        raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
    kind, array = self.array.dtype, getattr(source, "array", None)
    if source is None:
        array = xp(self.array).empty(0, kind)
    elif array is not None and array.dtype != kind:
        raise RuntimeError(
            f"Could not set tensor of type {as_dtype(array.dtype)} to a tensor of type {self.dtype}"
        )
    elif array is None or size is not None:
        memory = owner(source._array if array is None else array).ravel("K").view(kind)
        array = _elements(memory, storage_offset, size, stride)
    self.data = wrap(array)
    self._counter, self._base = getattr(source, "_counter", self._counter), None
    return self


def _elements(memory, offset, size, stride):
    """The elements of the flat array ``memory`` from ``offset`` on, in the shape ``size``."""
    size = (memory.size - offset,) if size is None else tuple(size)
    if stride is None:
        stride = [math.prod(size[i + 1 :]) for i in range(len(size))]
    last = offset + sum((n - 1) * step for n, step in zip(size, stride))
    if math.prod(size) and not 0 <= offset <= last < memory.size:
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)} and storage offset {offset} are out of "
            f"bounds for a storage of {memory.size} elements"
        )
    steps = [step * memory.itemsize for step in stride]
    return xp(memory).lib.stride_tricks.as_strided(memory[offset:], size, steps)


def is_set_to(self, tensor) -> bool:
    """Whether ``tensor`` has the same elements of the same memory, in the same shape."""
    mine, other = self.array, tensor.array
    same = (mine.shape, mine.strides, mine.dtype) == (other.shape, other.strides, other.dtype)
    return same and self.data_ptr() == tensor.data_ptr()


def dim_order(self, *, ambiguity_check=False):
    """The dimensions from the outermost in memory to the innermost, as a tuple.

    ambiguity_check: True, or a list of memory formats of which exactly one may fit: RuntimeError if there are
    several orders, for dimensions of size 1 or repeated ones. TypeError for anything else.
    """
    formats = ambiguity_check if isinstance(ambiguity_check, list) else []
    if not isinstance(ambiguity_check, (bool, list)):
        raise TypeError("The ambiguity_check argument must be a bool or a list of memory formats.")
    shape, strides = self.shape, self.stride()
    free = any(n == 1 or step == 0 for n, step in zip(shape, strides)) and len(shape) > 1
    if ambiguity_check and free and sum(self.is_contiguous(memory_format=f) for f in formats) != 1:
        raise RuntimeError("The tensor does not have unique dim order.")
    order: list = []  # from the innermost; a repeated dimension stays beside its neighbours
    for dim in reversed(range(len(shape))):
        place = len(order)
        for before in reversed(range(len(order))):
            other = order[before]
            if 0 in (strides[dim], strides[other]):
                continue
            if (strides[dim], shape[dim]) >= (strides[other], shape[other]):
                break
            place = before
        order.insert(place, dim)
    return tuple(reversed(order))


def to_dense(self, dtype=None, *, masked_grad=None):
    """The tensor, which is dense, in another dtype if one is given."""
    return self if dtype is None else self.to(dtype)


def sparse_dim(self) -> int:
    """0: no dimension is in the indices of a sparse tensor."""
    return 0


def dense_dim(self) -> int:
    """The number of dimensions: all are dense."""
    return self.array.ndim
