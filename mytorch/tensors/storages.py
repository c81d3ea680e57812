"""The memory behind a tensor, which its views share, and its resizing."""

from __future__ import annotations

import math

import numpy

from ..core.arrays import device_of, xp
from ..core.dtypes import by_numpy
from ..ops.composite import takes_tensors
from ..ops.layout import address, owner
from ..ops.shape_arguments import listed, sizes


class UntypedStorage:
    """The bytes of a tensor and of all its views. They are read and compared here, not changed."""

    def __init__(self, array):
        self._array = owner(array)

    @classmethod
    def from_file(cls, filename, shared=False, nbytes=0):
        """The first bytes of a file, which are read when they are used. Changes are written to the file if it
        is ``shared``.
        """
        storage = cls.__new__(cls)
        storage._array = numpy.memmap(filename, numpy.uint8, "r+" if shared else "c", shape=(nbytes,))
        return storage

    def __array__(self, dtype=None, copy=None):
        """The bytes."""
        return self._array.reshape(-1, order="A").view(numpy.ndarray).view(numpy.uint8)

    device = property(lambda self: device_of(self._array), doc="Where the memory is.")
    is_cuda = property(lambda self: self.device.type == "cuda", doc="Whether it is on a GPU.")
    is_sparse = is_hpu = False

    def data_ptr(self) -> int:
        """The address of the first byte."""
        return address(self._array)

    def nbytes(self) -> int:
        """The number of bytes."""
        return self._array.nbytes

    size = __len__ = nbytes

    def element_size(self) -> int:
        """1: the elements are bytes."""
        return 1

    def tolist(self):
        """The bytes as a list of numbers."""
        return numpy.frombuffer(self._array.tobytes(), numpy.uint8).tolist()

    def __getitem__(self, index):
        if not isinstance(index, slice):
            return self.tolist()[index]
        part = UntypedStorage.__new__(UntypedStorage)  # on the same memory
        part._array = self.__array__()[index]
        return part

    def untyped(self):
        """The storage itself."""
        return self

    _untyped = untyped

    def resize_(self, size):
        """NotImplementedError unless the size stays: NumPy's memory is not given back in part."""
        if size != self.nbytes():
            raise NotImplementedError(f"UntypedStorage.resize_: from {self.nbytes()} to {size} bytes")
        return self

    def __eq__(self, other):
        return isinstance(other, UntypedStorage) and self.data_ptr() == other.data_ptr()

    def __hash__(self):
        return hash(self.data_ptr())


class TypedStorage(UntypedStorage):
    """The memory of a tensor as elements of its dtype."""

    dtype = property(lambda self: by_numpy[self._array.dtype], doc="The element type.")

    def size(self) -> int:
        """The number of elements."""
        return self._array.size

    __len__ = size

    def element_size(self) -> int:
        """Bytes of one element."""
        return self._array.itemsize

    def tolist(self):
        """The elements as a list of numbers."""
        return self._array.ravel("K").tolist()

    def __getitem__(self, index):
        return self.tolist()[index]

    def untyped(self):
        """The same memory as bytes."""
        return UntypedStorage(self._array)

    _untyped_storage = property(untyped, doc="The same memory as bytes.")


def untyped_storage(self):
    """The memory behind the tensor, as bytes."""
    return UntypedStorage(self.array)


def storage(self):
    """The memory behind the tensor, as elements of its dtype."""
    return TypedStorage(self.array)


# ---- resizing, outside of the graph ---------------------------------------------------------------


def resize_(self, *args, memory_format=None, **named):
    """Change the shape to ``size`` in place and return the tensor.

    It keeps its first elements in order; additional ones are uninitialised. A smaller tensor shares the
    old memory. RuntimeError if it requires grad.
    """
    shape = sizes((listed(args, named, "size"),))
    if self.requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    elements, count = self.array.reshape(-1), math.prod(shape)
    if count > elements.size:
        elements = xp(elements).empty(count, elements.dtype)
        elements[: self.array.size] = self.array.reshape(-1)
    self.array = elements[:count].reshape(shape)
    return self


@takes_tensors
def resize_as_(self, other, memory_format=None):
    """Change the shape to that of ``other`` in place, as :meth:`resize_` does."""
    return resize_(self, other.shape)
