"""Complex numbers as pairs of real ones and back, as rotary embeddings use them, and their parts.

The gradient of a complex number is that of its real part plus i times that of its imaginary part, as in
torch: the conjugate of its Wirtinger derivative, twice. ``complex=`` of ``@primitive`` says how the rules of
an operation give it.
"""

from __future__ import annotations

import math

from ..core.arrays import array_of, xp
from ..core.graph import Variable
from ..core.primitive import primitive
from .assignment import setitem
from .composite import composite
from .elementwise import flat, smooth
from .join import stack
from .shape import broadcast_tensors
from .transcendental import atan2, cos, sin


@primitive(complex=True, view=True, x=lambda g: _view_as_real(g))
def _view_as_complex(x):
    if x.strides[-1] != x.itemsize:  # a gradient, in whatever layout
        x = x.copy()
    return x.view("complex64" if x.itemsize == 4 else "complex128")[..., 0]


@primitive(complex=True, view=True, x=lambda g: _view_as_complex(g))
def _view_as_real(x):
    return x[..., None].view("float32" if x.itemsize == 8 else "float64")


@primitive(complex=True, view=True, x=lambda g, x_dtype: g.astype(x_dtype))
def _real(x):
    return x.real


@primitive(complex=True, view=True, x=lambda g, x_dtype: g.astype(x_dtype) * 1j)
def _imag(x):
    return x.imag


def view_as_complex(input):
    """Pairs (…, 2) as complex numbers (…), a view.

    RuntimeError unless the pairs are float32 or float64 and lie side by side.
    """
    x = array_of(input)
    if x.dtype not in ("float32", "float64"):
        raise RuntimeError(
            "view_as_complex is only supported for float32 and float64 tensors, but got a tensor of "
            f"{x.dtype}"
        )
    if not x.ndim or x.shape[-1] != 2:
        raise RuntimeError(f"Tensor must have a last dimension of size 2, got shape {list(x.shape)}")
    if x.size and x.strides[-1] != x.itemsize:
        raise RuntimeError("Tensor must have a last dimension with stride 1")
    return _view_as_complex(input)


def view_as_real(input):
    """Complex numbers (…) as pairs (…, 2) of real and imaginary parts, a view. RuntimeError for others."""
    if array_of(input).dtype.kind != "c":
        raise RuntimeError("view_as_real is only supported for complex tensors")
    return _view_as_real(input)


@primitive(complex=True, x=lambda g: _conj(g))
def _conj(x):
    return x.conj()


@composite
def conj(input):
    """The conjugates of complex numbers, elementwise; real ones as they are."""
    return _conj(input) if array_of(input).dtype.kind == "c" else input


def resolve_conj(input):
    """The tensor itself: no conjugate is ever pending."""
    return input


def resolve_neg(input):
    """The tensor itself: no negative is ever pending."""
    return input


def _check_tensors(name, **inputs):
    """TypeError for an input that is no tensor."""
    for position, (key, value) in enumerate(inputs.items(), 1):
        if not isinstance(value, Variable):
            raise TypeError(
                f"{name}(): argument '{key}' (position {position}) must be Tensor, not {type(value).__name__}"
            )


def complex(real, imag):
    """real + i · imag of two tensors of one dtype, which broadcast. RuntimeError for two dtypes."""
    _check_tensors("complex", real=real, imag=imag)
    if real.array.dtype != imag.array.dtype:
        raise RuntimeError(
            f"Expected object of scalar type {real.array.dtype} but got scalar type {imag.array.dtype} for "
            "second argument"
        )
    return view_as_complex(stack(broadcast_tensors(real, imag), -1))


def polar(abs, angle):
    """abs · (cos(angle) + i · sin(angle)), complex. RuntimeError for different dtypes."""
    _check_tensors("polar", abs=abs, angle=angle)
    return complex(abs * cos(angle), abs * sin(angle))


@composite
def real(input):
    """The real parts (a view), elementwise; of real numbers the tensor itself."""
    return _real(input) if array_of(input).dtype.kind == "c" else input


@composite
def imag(input):
    """The imaginary parts (a view), elementwise. RuntimeError for real numbers."""
    if array_of(input).dtype.kind != "c":
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return _imag(input)


def set_real(input, value):
    """``input.real = value``, a tensor that broadcasts or a number."""
    setitem(real(input), ..., value)


def set_imag(input, value):
    """``input.imag = value``, a tensor that broadcasts or a number."""
    setitem(imag(input), ..., value)


@smooth(x=flat)
def _real_angle(x):
    return xp(x).where(x != x, x, (x < 0) * x.dtype.type(math.pi)).astype(x.dtype, copy=False)


@composite(out=True)
def angle(input):
    """The angles to the positive real axis, in radians, elementwise: in (-π, π], of real numbers 0 or π."""
    if array_of(input).dtype.kind == "c":
        return atan2(imag(input), real(input))
    return _real_angle(input)
