"""Matrices and tensors of which few elements are not zero, in coordinate form (COO).

A :class:`SparseTensor` is two tensors: where its elements are, and their values. What is computed of it is
computed of the values, so gradients reach them; the zeros have none.
"""

from __future__ import annotations

import numpy

from .core.arrays import is_array
from .core.dtypes import int64
from .core.graph import wrap
from .ops.gather import index_select
from .ops.index_put import index_add, index_put
from .ops.join import cat, stack
from .ops.memory_format import layout
from .ops.reduce import sum as sum_of
from .ops.shape import reshape
from .ops.statistics.sort import unique
from .tensors.creation import as_tensor, tensor, zeros
from .tensors.public_names import lookup as _lookup
from .tensors.tensor import Size, Tensor

sparse_coo = layout("sparse_coo")


class SparseTensor:
    """A tensor of ``size`` that is zero but at ``indices`` (dimensions, n), where it has ``values`` (n, …).

    Values at the same place add up. Dimensions beyond those of the indices are in the values, as in torch.
    """

    layout, is_sparse, is_cuda = sparse_coo, True, False
    # A gradient on its way back is array and Variable in one: these say that it is not to be written to.
    base, _node = (), ()
    array = property(lambda self: self, doc="The tensor itself.")

    def __init__(self, indices, values, size, coalesced=False):
        self._places, self._numbers, self.shape = indices, values, Size(size)
        self._coalesced = coalesced or indices.shape[1] < 2

    dtype = property(lambda self: self._numbers.dtype, doc="The element type.")
    device = property(lambda self: self._numbers.device, doc="Where the values are.")
    ndim = property(lambda self: len(self.shape), doc="The number of dimensions.")
    requires_grad = property(
        lambda self: self._numbers.requires_grad, doc="Whether the values have gradients."
    )
    is_leaf = property(lambda self: self._numbers.is_leaf, doc="Whether the values were not computed.")
    T = property(lambda self: self.t(), doc="The transposed matrix.")

    @property
    def grad(self):
        """The gradient of the elements that are stored, as a sparse tensor, or None."""
        g = self._numbers.grad
        return None if g is None else self._with(g)

    def _with(self, values):
        return SparseTensor(self._places, values, self.shape, self._coalesced)

    def size(self, dim=None):
        """The shape, or the size of one dimension."""
        return self.shape if dim is None else self.shape[dim]

    def dim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    def numel(self) -> int:
        """The number of elements, zeros included."""
        return self.shape.numel()

    def is_floating_point(self) -> bool:
        """Whether the values are floating-point numbers."""
        return self.dtype.is_floating_point

    def is_complex(self) -> bool:
        """Whether the values are complex numbers."""
        return self.dtype.is_complex

    def sparse_dim(self) -> int:
        """The number of dimensions that the indices count."""
        return self._places.shape[0]

    def dense_dim(self) -> int:
        """The number of dimensions that are in the values."""
        return self.dim() - self.sparse_dim()

    def _nnz(self) -> int:
        return self._places.shape[1]

    def is_coalesced(self) -> bool:
        """Whether every place occurs once, in order."""
        return self._coalesced

    def _indices(self):
        return self._places

    def _values(self):
        return self._numbers

    def indices(self):
        """Where the elements are, (dimensions, n). RuntimeError unless coalesced."""
        return self._checked("indices")._places

    def values(self):
        """The elements. RuntimeError unless coalesced."""
        return self._checked("values")._numbers

    def _checked(self, what):
        if not self._coalesced:
            raise RuntimeError(f"Cannot get {what} on an uncoalesced tensor, please call .coalesce() first")
        return self

    def requires_grad_(self, requires_grad=True):
        """Set whether gradients of the values are recorded, and return the tensor."""
        self._numbers.requires_grad_(requires_grad)
        return self

    def detach(self):
        """The same tensor outside of the graph."""
        return self._with(self._numbers.detach())

    def detach_(self):
        """Take the values out of the graph, and return the tensor."""
        self._numbers = self._numbers.detach()
        return self

    def backward(self, *args, **kwargs):
        """NotImplementedError: a loss is dense."""
        raise NotImplementedError(
            "SparseTensor.backward: make a dense number of it, with sum() or to_dense()"
        )

    # ---- forms -----------------------------------------------------------------------------------

    def _keys(self):
        """One number for each place: its position if the sparse dimensions were one."""
        keys = zeros(self._nnz(), dtype=int64)
        for places, size in zip(self._places, self.shape):
            keys = keys * size + places
        return keys

    def coalesce(self):
        """The same tensor with every place once, in order."""
        if self._coalesced:
            return self
        keys, where = unique(self._keys(), return_inverse=True)
        start = zeros(len(keys), *self._numbers.shape[1:], dtype=self.dtype, device=self.device)
        values, places = index_add(start, 0, where, self._numbers), []
        for size in reversed(self.shape[: self.sparse_dim()]):
            places.append(keys % size)
            keys = keys // size
        return SparseTensor(stack(places[::-1]), values, self.shape, True)

    def to_dense(self, dtype=None, **options):
        """The tensor with its zeros."""
        start = zeros(*self.shape, dtype=self.dtype, device=self.device)
        dense = index_put(start, tuple(self._places), self._numbers, accumulate=True)
        return dense if dtype is None else dense.to(dtype)

    def to(self, *args, **kwargs):
        """The tensor with its values in another dtype or on another device."""
        return self._with(self._numbers.to(*args, **kwargs))

    def astype(self, dtype):
        """A copy with the values in another dtype."""
        return self._with(self._numbers.astype(dtype))

    def float(self):
        """With values in float32."""
        return self.to("float32")

    def double(self):
        """With values in float64."""
        return self.to("float64")

    def clone(self):
        """A copy of the values."""
        return self._with(self._numbers.clone())

    copy = clone

    def zero_(self):
        """Forget all elements, so that only zeros are left, and return the tensor."""
        self._places, self._numbers, self._coalesced = self._places[:, :0], self._numbers[:0], True
        return self

    def transpose(self, dim0, dim1):
        """Two sparse dimensions swapped. IndexError for others."""
        order = list(range(self.dim()))
        order[dim0], order[dim1] = order[dim1], order[dim0]
        if order[self.sparse_dim() :] != list(range(self.sparse_dim(), self.dim())):
            raise IndexError("SparseTensor.transpose: both dimensions must be sparse ones")
        places = stack([self._places[d] for d in order[: self.sparse_dim()]])
        return SparseTensor(places, self._numbers, [self.shape[d] for d in order])

    def t(self):
        """The transposed matrix."""
        return self.transpose(0, 1)

    # ---- arithmetic ------------------------------------------------------------------------------

    def __matmul__(self, other):
        return mm(self, other)

    mm = matmul = __matmul__

    def __rmatmul__(self, other):
        return mm(self.t(), other.t()).t()

    def __mul__(self, number):
        if isinstance(number, Tensor) and number.ndim:
            places = tuple(self._places)
            return self._with(self._numbers * number.expand(*self.shape)[places])
        return self._with(self._numbers * number)

    __rmul__ = mul = __mul__

    def __truediv__(self, number):
        return self._with(self._numbers / number)

    def __neg__(self):
        return self._with(-self._numbers)

    def __add__(self, other):
        if not isinstance(other, SparseTensor):
            return self.to_dense().array + other if is_array(other) else self.to_dense() + other
        if other.shape != self.shape:
            raise RuntimeError(f"add: sparse tensors of sizes {list(self.shape)} and {list(other.shape)}")
        places = cat([self._places, other._places], 1)
        return SparseTensor(places, cat([self._numbers, other._numbers]), self.shape)

    __radd__ = add = __add__

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        """``array + sparse``, also in place: where both kinds of gradients meet."""
        if ufunc is not numpy.add or method != "__call__" or not is_array(inputs[0]):
            return NotImplemented
        return numpy.add(inputs[0], self.to_dense().array, **options)

    def __sub__(self, other):
        return self + (-other)

    def sum(self, dim=None):
        """The sum of all elements, or as :func:`mytorch.sparse.sum`."""
        return sum(self, dim)

    def __repr__(self):
        return (
            f"tensor(indices={self._places.tolist()},\n       values={self._numbers.tolist()},\n       "
            f"size={tuple(self.shape)}, nnz={self._nnz()}, layout=torch.sparse_coo)"
        )


def sparse_coo_tensor(
    indices, values, size=None, *, dtype=None, device=None, pin_memory=False, requires_grad=False,
    check_invariants=None, is_coalesced=False,
):  # fmt: skip
    """The :class:`SparseTensor` with ``values`` at ``indices``; ``size`` by default just holds them.

    RuntimeError for indices outside of it (PyTorch does not look), or sizes that do not fit.
    """
    indices = as_tensor(indices).to(int64)
    values = values if isinstance(values, Tensor) else tensor(values)
    values = values.to(dtype=dtype or values.dtype, device=device or values.device)
    if indices.ndim != 2 or not values.ndim or indices.shape[1] != values.shape[0]:
        raise RuntimeError(
            f"sparse_coo_tensor: indices of shape {list(indices.shape)} and values of shape "
            f"{list(values.shape)}: expected (dimensions, n) and (n, …)"
        )
    least = [int(row.max()) + 1 if row.numel() else 0 for row in indices]
    size = (*least, *values.shape[1:]) if size is None else tuple(size)
    fits = len(size) == len(least) + values.ndim - 1 and size[len(least) :] == tuple(values.shape[1:])
    if not fits or any(n > s for n, s in zip(least, size)) or (indices.numel() and int(indices.min()) < 0):
        raise RuntimeError(
            f"sparse_coo_tensor: size {list(size)} does not hold values of shape {list(values.shape)} at "
            f"indices up to {[n - 1 for n in least]}"
        )
    if requires_grad and not values.requires_grad:
        values = values.detach().requires_grad_()
    return SparseTensor(indices, values, size, is_coalesced)


def to_sparse(dense, sparse_dim=None):
    """The elements of ``dense`` that are not zero; ``sparse_dim``: only its first dimensions have indices."""
    sparse_dim = dense.ndim if sparse_dim is None else sparse_dim
    filled = dense != 0
    for _ in range(dense.ndim - sparse_dim):
        filled = filled.any(-1)
    places = filled.nonzero().t()
    return SparseTensor(places, dense[tuple(places)], dense.shape, True)


def _mytorch_rows_of(values, shape, at):
    """The sparse tensor of ``shape`` that has ``values`` (…, *shape[1:]) in the rows ``at`` (…), an array."""
    places = wrap(at.reshape(1, -1).astype("int64"))
    rows = reshape(values, shape=(at.size, *shape[1:])).contiguous()  # the gradient of a sum is one number
    return SparseTensor(places, rows, shape)


def mm(sparse, dense):
    """A sparse matrix (m, k) times a dense one (k, n) or a vector (k,): dense. Or the other way round."""
    if not isinstance(sparse, SparseTensor):
        return mm(dense.t(), sparse.t()).t()
    if isinstance(dense, SparseTensor):
        raise NotImplementedError("sparse.mm: one of the two matrices must be dense; call to_dense()")
    if (
        sparse.dim() != 2
        or sparse.dense_dim()
        or dense.ndim not in (1, 2)
        or sparse.shape[1] != dense.shape[0]
    ):
        raise RuntimeError(f"sparse.mm: {list(sparse.shape)} cannot be multiplied with {list(dense.shape)}")
    rows, columns = sparse._places
    values = reshape(sparse._numbers, shape=(-1, *[1] * (dense.ndim - 1)))
    products = values * index_select(dense, 0, columns)
    start = zeros(sparse.shape[0], *dense.shape[1:], dtype=products.dtype, device=products.device)
    return index_add(start, 0, rows, products)


def addmm(mat, mat1, mat2, *, beta=1, alpha=1):
    """beta · mat + alpha · (mat1 @ mat2) with a sparse ``mat1``."""
    return beta * mat + alpha * mm(mat1, mat2)


def sampled_addmm(input, mat1, mat2, *, beta=1.0, alpha=1.0):
    """beta · input + alpha · (mat1 @ mat2) where the sparse matrix ``input`` (m, n) has elements.

    Of ``mat1`` (m, k) and ``mat2`` (k, n) only these products are computed. RuntimeError for other shapes.
    """
    if mat1.ndim != 2 or mat2.ndim != 2 or input.shape != (mat1.shape[0], mat2.shape[1]):
        raise RuntimeError(
            f"sampled_addmm: {list(mat1.shape)} times {list(mat2.shape)} has not the shape "
            f"{list(input.shape)}"
        )
    rows, columns = input._places
    products = index_select(mat1, 0, rows) * index_select(mat2, 1, columns).t()
    return input._with(beta * input._numbers + alpha * sum_of(products, dim=1))


def sum(input, dim=None, dtype=None):
    """The sum of all elements (dense), or over sparse dimensions: sparse, or dense if none is left."""
    values = input._numbers if dtype is None else input._numbers.to(dtype)
    if dim is None:
        return sum_of(values)
    dims = {d % input.dim() for d in ([dim] if isinstance(dim, int) else dim)}
    if any(d >= input.sparse_dim() for d in dims):
        values = sum_of(
            values, dim=tuple(d - input.sparse_dim() + 1 for d in dims if d >= input.sparse_dim())
        )
    kept = [d for d in range(input.sparse_dim()) if d not in dims]
    if not kept:
        return sum_of(values, dim=0)
    size = [s for d, s in enumerate(input.shape) if d not in dims]
    return SparseTensor(stack([input._places[d] for d in kept]), values, size).coalesce()


__getattr__ = _lookup(__name__, tensors=True)
