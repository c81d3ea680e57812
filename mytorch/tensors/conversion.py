"""A tensor as a Python number, a NumPy array, an array of another library, or a copy."""

from __future__ import annotations

import numpy

from ..core import grad_mode
from ..core.arrays import as_array, move, ndarray, xp
from ..core.graph import Variable, wrap
from ..ops.layout import address, owner


class ConversionMethods:
    """Conversions to numbers, arrays and copies; pickling."""

    array: numpy.ndarray

    def item(self):
        """The only element as a Python number. RuntimeError if there is not exactly one."""
        if self.array.size != 1:
            raise RuntimeError(f"a Tensor with {self.array.size} elements cannot be converted to Scalar")
        return self.array.item()

    def tolist(self):
        """Nested lists of Python numbers."""
        return self.array.tolist()

    def numpy(self, *, force=False):
        """The elements as a NumPy array that shares their memory.

        RuntimeError if it requires grad, where gradients are recorded, or is on a GPU, unless ``force``.
        """
        if force:
            return self.detach().cpu().array
        if self.requires_grad and grad_mode.mode.get():
            raise RuntimeError(
                "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
            )
        if type(self.array) is not ndarray:
            raise TypeError(
                f"can't convert {self.device} device type tensor to numpy. Use Tensor.cpu() to copy "
                "the tensor to host memory first."
            )
        return self.array

    def __array__(self, dtype=None, copy=None):
        return numpy.array(self.numpy(), dtype=dtype, copy=copy)

    def __array_wrap__(self, array, context=None, return_scalar=False):
        return wrap(as_array(array))  # numpy.sin(tensor) is a tensor

    def __dlpack__(self, **options):
        if self.requires_grad:
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()

    def __bool__(self):
        if self.array.size != 1:
            raise RuntimeError(
                "Boolean value of Tensor with "
                f"{'no values' if self.array.size == 0 else 'more than one value'} is ambiguous"
            )
        return bool(self.array.item())

    def __scalar(self):
        if self.array.size != 1:
            raise ValueError(
                "only one element tensors can be converted to Python scalars, but got a tensor of "
                f"shape {list(self.array.shape)}"
            )
        return self.array.item()

    def __float__(self):
        return float(self.__scalar())

    def __int__(self):
        return int(self.__scalar())

    def __complex__(self):
        return complex(self.__scalar())

    def __index__(self):
        if self.array.size != 1 or self.array.dtype.kind not in "iub":
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.array.item())

    def __reduce_ex__(self, protocol):
        return _rebuild, (
            type(self),
            self.detach().cpu().array,
            str(self.device),
            self.requires_grad,
            dict(self._mytorch_extras()),
        )

    def _mytorch_extras(self):
        """(name, value) of each attribute that a user has set."""
        return ((name, value) for name, value in state(self).items() if name not in OWN)

    def __deepcopy__(self, memo):
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
                "protocol at the moment"
            )
        new = wrap(_copied(self.array, memo), cls=type(self))
        memo[id(self)] = new
        state(new).update(self._mytorch_extras())
        new.requires_grad_(self.requires_grad)
        if self.grad is not None:
            new.grad = self.grad.detach().clone()
        return new


state = Variable.__dict__["__dict__"].__get__  # all attributes of a tensor
OWN = {
    "array",
    "_node",
    "_counter",
    "_base",
    "_view",
    "_base_node",
    "_leaf",
    "_inference",
    "_grad",
    "_mytorch_retaining",
}


def _copied(array, memo):
    """A copy of ``array``. What shares memory shares that of its copies, which ``memo`` keeps."""
    whole = owner(array)
    if not array.size or not whole.flags.forc:
        return array.copy()
    if id(whole) not in memo:
        memo[id(whole)] = as_array(whole.copy(order="K"))
    copy = memo[id(whole)]
    if array is whole:
        return copy
    start = address(array) - address(whole)
    after = start + sum((n - 1) * step for n, step in zip(array.shape, array.strides)) + array.itemsize
    part = copy.reshape(-1, order="A").view("uint8")[start:after].view(array.dtype)
    return xp(array).lib.stride_tricks.as_strided(part, array.shape, array.strides)


def _rebuild(cls, array, where, requires_grad, extras):
    new = wrap(move(array, where), cls=cls)
    state(new).update(extras)
    return new.requires_grad_(requires_grad)
