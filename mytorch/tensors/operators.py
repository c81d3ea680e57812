"""The operators and methods of Tensor; each calls an operation of ``ops``."""

from __future__ import annotations

import importlib
import numbers

import numpy

from ..core.arrays import is_array
from ..core.dtypes import as_dtype, promote_numpy
from ..core.graph import Variable
from ..ops import (
    arithmetic,
    comparison,
    complex,
    elementwise,
    indexing,
    join,
    matmul,
    power,
    reduce,
    rounding,
    shape,
)
from ..ops.assignment import copy_, fill_, setitem, zero_
from ..ops.composite import takes_tensors
from ..ops.inplace import inplace, reshaped_in_place
from ..ops.permute import H, adjoint, flip, mT, permute, reverse_dims
from ..ops.shape_arguments import listed, sizes
from .public_names import documented

# Operations that are methods, as `method=operation` where the names differ. A name with an underscore stands
# for both forms: ``x.exp()`` and the in-place ``x.exp_()``.
METHODS = {
    "transcendental": """
        exp_ exp2_ expm1_ log_ log2_ log10_ log1p_ sqrt_ rsqrt_ reciprocal_ sigmoid_ logit_ sin_
        cos_ tan_ asin_ acos_ atan_ arcsin_ arccos_ arctan_ sinh_ cosh_ tanh_ asinh_ acosh_ atanh_
        arcsinh_ arccosh_ arctanh_ deg2rad_ rad2deg_ sinc_
    """,
    "rounding": """
        neg_ negative_ abs_ absolute_ sign_ sgn_ square_ positive floor_ ceil_ trunc_ fix_ round_
        frac_ nan_to_num_ isnan isinf isfinite isposinf isneginf signbit isreal
    """,
    "arithmetic": """
        add_ sub_ subtract_ mul_ multiply_ div_ divide_ true_divide_ floor_divide_ remainder_ fmod_
        lerp_ addcmul_ addcdiv_
    """,
    "power": "pow_ float_power ldexp_",
    "binary": "atan2_ arctan2_ hypot_ copysign_ heaviside_ logaddexp logaddexp2 xlogy_ nextafter_ gcd_ lcm_",
    "bounds": "maximum minimum fmax fmin clamp_ clip_ clamp_min_ clamp_max_",
    "comparison": """
        eq_ ne_ lt_ le_ gt_ ge_ not_equal_ less_ less_equal_ greater_ greater_equal_ isclose
        allclose equal logical_and_ logical_or_ logical_xor_ logical_not_ bitwise_and_ bitwise_or_
        bitwise_xor_ bitwise_not_ bitwise_left_shift_ bitwise_right_shift_
    """,
    "complex": "conj conjugate=conj conj_physical=conj resolve_conj resolve_neg angle",
    "special.erf": "erf_ erfc_ erfinv_",
    "special.gamma": "lgamma_ digamma_ mvlgamma_ polygamma_=polygamma_of",
    "special.bessel": "i0_",
    "special.incomplete_gamma": "igamma_ igammac_",
    "activation": "relu_ prelu hardshrink",
    "softmax": "softmax log_softmax",
    "reduce": """
        sum mean nansum nanmean max min amax amin aminmax argmax argmin all any count_nonzero
        logsumexp
    """,
    "vector_norm": "dist",
    "statistics.variance": "var std",
    "statistics.scan": "prod cumsum_ cumprod_ cummax cummin logcumsumexp",
    "statistics.quantiles": "median nanmedian mode quantile nanquantile",
    "statistics.counting": "bincount hash_tensor histc histogram",
    "statistics.differences": "diff cov corrcoef",
    "statistics.sort": "sort argsort msort topk kthvalue unique unique_consecutive",
    "scaling": "frexp renorm_",
    "permute": "transpose swapaxes swapdims t movedim moveaxis roll rot90 fliplr flipud adjoint",
    "shape": "squeeze unsqueeze flatten ravel broadcast_to repeat tile unflatten",
    "strided": "as_strided unfold=windows",
    "layout": "clone contiguous is_contiguous stride storage_offset data_ptr",
    "spectral.short_time": "istft stft",
    "split": "split split_with_sizes chunk tensor_split hsplit vsplit dsplit narrow select",
    "join": "unbind",
    "gather": "gather take_along_dim index_select take nonzero argwhere repeat_interleave",
    "scatter": "scatter_ scatter_add_ scatter_reduce_",
    "index_put": """
        index_add_ index_copy_ index_fill_ index_put_ index_reduce_ select_scatter slice_scatter
        diagonal_scatter put_=put_at
    """,
    "masks": "masked_fill_ masked_select masked_scatter_",
    "diagonal": "diag diag_embed diagflat diagonal trace triu_ tril_",
    "matmul": "matmul mm bmm mv dot vdot inner outer ger",
    "addmm": "addmm_ addmv_ addr_ addbmm_ baddbmm_",
    "cross": "kron cross",
    "linalg.decompositions": "cholesky svd=old_svd",
    "linalg.eigen": "geqrf orgqr=householder_product",
    "linalg.lu": "lu=old_lu lu_solve=old_lu_solve",
    "linalg.matrix": """
        det logdet slogdet matrix_power matrix_exp cholesky_solve cholesky_inverse pinverse=pinv
    """,
    "linalg.matrix_norm": "norm",
    "linalg.solve": "inverse=inv",
}
# View operations with an in-place form (``x.t_()``).
RESHAPED = {
    "permute": "transpose_ swapaxes_=transpose swapdims_=transpose t_",
    "shape": "squeeze_ unsqueeze_",
    "strided": "as_strided_",
}

# Functions that are methods as they are.
FUNCTIONS = {
    "tensors.random_fill": """
        bernoulli multinomial uniform_ normal_ bernoulli_ random_ exponential_ log_normal_ cauchy_
        geometric_
    """,
    "tensors.apply": "apply_ map_",
    "tensors.memory": "dense_dim dim_order is_set_to set_ sparse_dim to_dense",
    "tensors.storages": "resize_ resize_as_ storage untyped_storage",
    "ops.diagonal": "fill_diagonal_",
    "linalg.older": "qr",
    "tensors.view_copies": "as_strided_scatter narrow_copy",
    "sparse": "to_sparse _mytorch_rows_of",
}
ROOT = __package__.rpartition(".")[0]  # "mytorch"


class LateMethod:
    """An operation as a method; its module is imported when the method is first used."""

    def __init__(self, name, module, operation, form=None, owner=None):
        self.name, self.module, self.operation, self.form = name, module, operation, form
        self.owner = owner  # the class that has the method, TensorMethods if None

    def __get__(self, tensor, owner=None):
        operation = getattr(importlib.import_module(f"{ROOT}.{self.module}"), self.operation)
        method = documented(operation if self.form is None else self.form(operation))
        setattr(self.owner or TensorMethods, self.name, method)  # later calls find the operation itself
        return method if tensor is None else method.__get__(tensor, owner)


def reflected(operation):
    """The operator method for ``other (op) self``, such as ``__rsub__``."""
    return lambda self, other: operation(other, self)


def matched(tensor, array):
    """A tensor and a NumPy array, both in the dtype to which the other operators would promote them."""
    kind = promote_numpy(tensor.array.dtype, array.dtype)
    return tensor.to(as_dtype(kind)), array.astype(kind, copy=False)


class TensorMethods:
    """The operators and methods of Tensor that are operations of ``ops``."""

    array: numpy.ndarray
    requires_grad: bool

    # ---- operators -------------------------------------------------------------------------------

    __add__ = __radd__ = arithmetic._add
    __sub__ = arithmetic._sub
    __mul__ = __rmul__ = arithmetic.mul
    __truediv__ = __div__ = arithmetic.true_divide
    __floordiv__, __mod__, __pow__ = arithmetic.floor_divide, arithmetic.remainder, power.pow
    __neg__, __pos__, __abs__ = rounding.neg, rounding.positive, rounding.abs
    __gt__, __ge__, __lt__, __le__ = comparison.gt, comparison.ge, comparison.lt, comparison.le
    __and__ = __rand__ = comparison.bitwise_and
    __or__ = __ror__ = comparison.bitwise_or
    __xor__ = __rxor__ = comparison.bitwise_xor
    __lshift__, __rshift__ = comparison.bitwise_left_shift, comparison.bitwise_right_shift

    __rsub__ = reflected(arithmetic._sub)
    __rdiv__ = __rtruediv__ = reflected(arithmetic.true_divide)
    __rfloordiv__ = reflected(arithmetic.floor_divide)
    __rmod__ = reflected(arithmetic.remainder)
    __rpow__ = reflected(power.pow)
    __rlshift__ = reflected(comparison.bitwise_left_shift)
    __rrshift__ = reflected(comparison.bitwise_right_shift)

    __iadd__, __isub__, __imul__, __itruediv__ = map(
        inplace, (arithmetic._add, arithmetic._sub, arithmetic.mul, arithmetic.true_divide)
    )
    __ifloordiv__, __imod__, __ipow__ = map(
        inplace, (arithmetic.floor_divide, arithmetic.remainder, power.pow)
    )
    __iand__, __ior__, __ixor__ = map(
        inplace, (comparison.bitwise_and, comparison.bitwise_or, comparison.bitwise_xor)
    )
    __ilshift__, __irshift__ = map(inplace, (comparison.bitwise_left_shift, comparison.bitwise_right_shift))

    def __matmul__(self, other):
        if isinstance(other, Variable):
            return matmul.matmul(self, other)
        return matmul.matmul(*matched(self, other)) if is_array(other) else NotImplemented

    def __rmatmul__(self, other):
        if isinstance(other, Variable):
            return matmul.matmul(other, self)
        return matmul.matmul(*matched(self, other)[::-1]) if is_array(other) else NotImplemented

    def __invert__(self):
        if self.array.dtype.kind not in "biu":
            raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
        return comparison.bitwise_not(self)

    def __eq__(self, other):
        return comparison.eq(self, other) if comparison.is_number(other) else NotImplemented

    def __ne__(self, other):
        return comparison.ne(self, other) if comparison.is_number(other) else NotImplemented

    real = property(complex.real, complex.set_real, doc="The real parts (a view).")
    imag = property(complex.imag, complex.set_imag, doc="The imaginary parts (a view).")

    def float_power_(self, exponent):
        """In-place form of :func:`float_power`, for float64 and complex128 only."""
        needed = "complex128" if self.array.dtype.kind == "c" else "float64"
        if self.array.dtype != needed:
            raise RuntimeError(
                f"the base given to float_power_ has dtype {self.dtype} but the operation's result "
                f"requires dtype {needed}"
            )
        return inplace(power.float_power)(self, exponent)

    def where(self, condition, other):
        """These elements where ``condition`` holds, else those of ``other``."""
        return elementwise.select(condition, self, other)

    # ---- shape -----------------------------------------------------------------------------------

    def reshape(self, *args, **named):
        """The same elements in another shape, as a view if the layout allows it; one entry may be -1."""
        return shape.reshape(self, listed(args, named, "shape"))

    def view(self, *args, dtype=None, size=None):
        """A view of the same memory in another shape (one entry may be -1) or as another dtype.

        RuntimeError if the layout does not allow it.
        """
        kind = dtype if dtype is not None else args[0] if len(args) == 1 else None
        if kind is not None and not isinstance(kind, (int, tuple, list)) and not hasattr(kind, "__index__"):
            return shape.view_as_dtype(self, dtype=as_dtype(kind).numpy)
        return shape.view(self, shape=size or (args[0] if len(args) == 1 else args), whole=self._base is None)

    def permute(self, *args, **named):
        """The dimensions in another order (a view)."""
        return permute(self, sizes((listed(args, named, "dims"),) if named else args))

    def expand(self, *args, implicit=False, **named):
        """A view repeated along dimensions of size 1 and new leading ones; -1 keeps a size."""
        return shape.expand(self, sizes((listed(args, named, "size"),) if named else args))

    def flip(self, *args, **named):
        """A copy with the order of elements along ``dims`` reversed."""
        return flip(self, sizes((listed(args, named, "dims"),) if named else args))

    @takes_tensors
    def reshape_as(self, other):
        """The same elements in the shape of ``other``."""
        return shape.reshape(self, shape=other.shape)

    @takes_tensors
    def view_as(self, other):
        """The same memory in the shape of ``other``."""
        return self.view(other.shape)

    @takes_tensors
    def expand_as(self, other):
        """Expanded to the shape of ``other``."""
        return shape.expand(self, shape=other.shape)

    def sum_to_size(self, *args, **named):
        """The sum over the dimensions along which broadcasting repeats a tensor of shape ``size``.

        RuntimeError if ``size`` does not broadcast to this shape.
        """
        size, own = sizes((listed(args, named, "size"),)), self.array.shape
        if len(size) > len(own) or any(n not in (1, m) for n, m in zip(size[::-1], own[::-1])):
            raise RuntimeError(f"size {{{list(size)}}} is not expandable to size {{{list(own)}}}.")
        extra = len(own) - len(size)
        dims = [*range(extra), *(i for i in range(extra, len(own)) if size[i - extra] == 1 != own[i])]
        if not size:
            return reduce.sum(self)  # for a 0-d tensor too: booleans and small integers become int64
        return shape.reshape(reduce.sum(self, dims), shape=size) if dims else self

    H = property(H, doc="The transpose of a matrix (a view).")
    mH = property(adjoint, doc="The last two dimensions swapped (a view).")
    T = property(reverse_dims, doc="The dimensions in reverse order (a view).")
    mT = property(mT, doc="The last two dimensions swapped (a view).")

    # ---- indexing --------------------------------------------------------------------------------

    __getitem__, __setitem__ = indexing.item, setitem
    fill_, zero_, copy_ = fill_, zero_, takes_tensors(copy_)

    def __iter__(self):
        if not self.array.ndim:
            raise TypeError("iteration over a 0-d tensor")
        if self.requires_grad:  # one node for all rows
            return iter(join.unbind(self, 0))
        return (indexing.getitem(self, index=i) for i in range(self.array.shape[0]))

    def __reversed__(self):
        return flip(self, dims=(0,)) if self.array.ndim else self

    def __contains__(self, element):
        if not isinstance(element, (Variable, numbers.Number)):
            raise RuntimeError(
                f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}."
            )
        return bool(comparison.eq(self, element).array.any())


def _entries(names):
    """(method, operation) for each name of a table."""
    for method, _, operation in (entry.partition("=") for entry in names.split()):
        yield method, operation or method.removesuffix("_")


def _attach():
    def add(method, module, operation, form=None):
        setattr(TensorMethods, method, LateMethod(method, module, operation, form))

    for module, names in METHODS.items():
        for method, operation in _entries(names):
            add(method.removesuffix("_"), f"ops.{module}", operation)
            if method.endswith("_"):
                add(method, f"ops.{module}", operation, inplace)
    for module, names in RESHAPED.items():
        for method, operation in _entries(names):
            add(method, f"ops.{module}", operation, reshaped_in_place)
    for module, names in FUNCTIONS.items():
        for method in names.split():
            add(method, module, method)
    add("__repr__", "tensors.printing", "tensor_repr")


_attach()
