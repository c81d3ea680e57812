"""The operators and methods of Tensor: each one line into ``ops``."""

from __future__ import annotations

from .autograd.engine import Variable
from .backend import is_array
from .ops import activation, arithmetic, comparison, elementwise, indexing, linalg, reduce, shape, special
from .ops.inplace import inplace, prepare_write, write


def sizes(args):
    """``f(2, 3)`` and ``f((2, 3))`` mean the same; entries may be 0-d tensors."""
    if len(args) == 1 and isinstance(args[0], (tuple, list)):
        args = args[0]
    return tuple(n.__index__() for n in args)


# Operations that are methods under their own name; those with an underscore change a tensor in place too (``x.exp_()``).
POINTWISE_METHODS = {
    elementwise: """
        exp_ exp2_ expm1_ log_ log2_ log10_ log1p_ sqrt_ rsqrt_ reciprocal_ sigmoid_ logit_ sin_ cos_ tan_ asin_ acos_ atan_ arcsin_ arccos_ arctan_
        sinh_ cosh_ tanh_ asinh_ acosh_ atanh_ arcsinh_ arccosh_ arctanh_ deg2rad_ rad2deg_ sinc_ neg_ negative_ abs_ absolute_ sign_ sgn_ square_
        positive floor_ ceil_ trunc_ fix_ round_ frac_ nan_to_num_ isnan isinf isfinite isposinf isneginf signbit isreal""",
    arithmetic: """
        add_ sub_ subtract_ mul_ multiply_ div_ divide_ true_divide_ floor_divide_ remainder_ fmod_ pow_ float_power_ maximum minimum fmax fmin
        clamp_ clip_ clamp_min_ clamp_max_ atan2_ arctan2_ hypot_ copysign_ heaviside_ logaddexp logaddexp2 xlogy_ lerp_ addcmul_ addcdiv_ ldexp_
        nextafter_""",
    comparison: """
        eq_ ne_ lt_ le_ gt_ ge_ not_equal_ less_ less_equal_ greater_ greater_equal_ isclose allclose equal logical_and_ logical_or_ logical_xor_
        logical_not_ bitwise_and_ bitwise_or_ bitwise_xor_ bitwise_not_ bitwise_left_shift_ bitwise_right_shift_""",
    special: "erf_ erfc_",
    activation: "relu_ softmax log_softmax",
    reduce: """
        sum mean var std max min amax amin aminmax argmax argmin all any count_nonzero logsumexp norm""",
}


def reflected(operation):
    """The operator method for ``other (op) self``."""
    return lambda self, other: operation(other, self)


class TensorMethods:
    """All that a Tensor can do that an operation in ``ops`` does."""

    array: object

    # ---- operators ------------------------------------------------------------------------------------------------------

    __add__ = __radd__ = arithmetic._add
    __sub__ = arithmetic._sub
    __mul__ = __rmul__ = arithmetic.mul
    __truediv__ = __div__ = arithmetic.true_divide
    __floordiv__, __mod__, __pow__ = arithmetic.floor_divide, arithmetic.remainder, arithmetic.pow
    __neg__, __pos__, __abs__ = elementwise.neg, elementwise.positive, elementwise.abs
    __matmul__ = linalg.matmul
    __gt__, __ge__, __lt__, __le__ = comparison.gt, comparison.ge, comparison.lt, comparison.le
    __and__ = __rand__ = comparison.bitwise_and
    __or__ = __ror__ = comparison.bitwise_or
    __xor__ = __rxor__ = comparison.bitwise_xor
    __invert__, __lshift__, __rshift__ = comparison.bitwise_not, comparison.bitwise_left_shift, comparison.bitwise_right_shift

    __rsub__ = reflected(arithmetic._sub)
    __rtruediv__ = __rdiv__ = reflected(arithmetic.true_divide)
    __rfloordiv__, __rmod__, __rpow__ = reflected(arithmetic.floor_divide), reflected(arithmetic.remainder), reflected(arithmetic.pow)
    __rmatmul__ = reflected(linalg.matmul)
    __rlshift__, __rrshift__ = reflected(comparison.bitwise_left_shift), reflected(comparison.bitwise_right_shift)

    __iadd__, __isub__, __imul__, __itruediv__ = map(inplace, (arithmetic._add, arithmetic._sub, arithmetic.mul, arithmetic.true_divide))
    __ifloordiv__, __imod__, __ipow__ = map(inplace, (arithmetic.floor_divide, arithmetic.remainder, arithmetic.pow))
    __iand__, __ior__, __ixor__ = map(inplace, (comparison.bitwise_and, comparison.bitwise_or, comparison.bitwise_xor))
    __ilshift__, __irshift__ = map(inplace, (comparison.bitwise_left_shift, comparison.bitwise_right_shift))

    def __eq__(self, other):
        return comparison.eq(self, other) if comparison.is_number(other) else NotImplemented

    def __ne__(self, other):
        return comparison.ne(self, other) if comparison.is_number(other) else NotImplemented

    # ---- functions of one number and of two, comparison, reductions: the names that methods and functions share ---------

    def where(self, condition, other):
        """These elements where ``condition`` holds, else those of ``other``."""
        return elementwise.select(condition, self, other)

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

    # ---- indexing -------------------------------------------------------------------------------------------------------

    def __getitem__(self, index):
        return indexing.getitem(self, index=indexing.plain_index(index))


for _module, _names in POINTWISE_METHODS.items():
    for _name in _names.split():
        setattr(TensorMethods, _name.removesuffix("_"), getattr(_module, _name.removesuffix("_")))
        if _name.endswith("_"):
            setattr(TensorMethods, _name, inplace(getattr(_module, _name.removesuffix("_"))))
