"""The operators and methods of Tensor: each one line into ``ops``."""

from __future__ import annotations

from .autograd.engine import Variable
from .backend import is_array
from .ops import elementwise, indexing, linalg, reduce, shape
from .ops.inplace import inplace, prepare_write, write


def sizes(args):
    """``f(2, 3)`` and ``f((2, 3))`` mean the same; entries may be 0-d tensors."""
    if len(args) == 1 and isinstance(args[0], (tuple, list)):
        args = args[0]
    return tuple(n.__index__() for n in args)


class TensorMethods:
    """All that a Tensor can do that an operation in ``ops`` does."""

    array: object

    # ---- operators ------------------------------------------------------------------------------------------------------

    __add__ = __radd__ = elementwise._add
    __sub__ = elementwise._sub
    __mul__ = __rmul__ = elementwise.mul
    __truediv__ = elementwise.true_divide
    __pow__ = elementwise.pow
    __neg__ = elementwise.neg
    __matmul__ = linalg.matmul
    __gt__ = elementwise.gt

    def __rsub__(self, other):
        return elementwise._sub(other, self)

    def __rtruediv__(self, other):
        return elementwise.true_divide(other, self)

    # ---- functions of one number ----------------------------------------------------------------------------------------

    exp, log, sqrt, tanh, sigmoid, relu = elementwise.exp, elementwise.log, elementwise.sqrt, elementwise.tanh, elementwise.sigmoid, elementwise.relu

    # ---- shape --------------------------------------------------------------------------------------------------------

    def reshape(self, *shape_):
        """The same elements in another shape; one entry may be -1."""
        return shape.reshape(self, shape=sizes(shape_))

    view = reshape

    def permute(self, *dims):
        """The dimensions in another order (a view)."""
        return shape.permute(self, dims=sizes(dims))

    transpose = swapaxes = shape.transpose
    mT = property(lambda self: shape.transpose(self, -2, -1), doc="The last two dimensions swapped.")

    # ---- reductions -----------------------------------------------------------------------------------------------------

    sum, mean = reduce.sum, reduce.mean

    # ---- indexing -------------------------------------------------------------------------------------------------------

    def __getitem__(self, index):
        return indexing.getitem(self, index=indexing.plain_index(index))
