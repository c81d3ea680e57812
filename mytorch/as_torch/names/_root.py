"""Functions of ``torch`` itself that packages call and PyTorch does not document."""

from __future__ import annotations

import importlib

from ...core.dtypes import complex64, complex128, int64
from ...cuda import Event as Event
from ...cuda import Stream as Stream
from ...ops import dtype_info
from ...ops.memory_format import layout
from ...ops.reduce import all as all_of
from ...tensors import torch_flags
from ...tensors.creation import tensor
from ..refused import functions

globals().update(
    functions(
        "torch",
        """
        _make_per_tensor_quantized_tensor fake_quantize_per_channel_affine fake_quantize_per_tensor_affine
        quantize_per_channel quantize_per_tensor
        """,
        "there are no quantized tensors",
    )
)


class OutOfMemoryError(RuntimeError):
    """What PyTorch raises when a GPU's memory is full; here CuPy raises an error of its own."""


class SymInt(int):
    """The class of sizes that are not known yet, of which there are none."""


class SymFloat(float):
    """The class of numbers that are not known yet, of which there are none."""


class SymBool:
    """The class of truths that are not known yet, of which there are none."""


# of 8-bit numbers: eps, the largest, the smallest normal one
_LIMITS = {
    "float8_e4m3fn": (2**-3, 448.0, 2**-6),
    "float8_e4m3fnuz": (2**-3, 240.0, 2**-7),
    "float8_e5m2": (2**-2, 57344.0, 2**-14),
    "float8_e5m2fnuz": (2**-3, 57344.0, 2**-15),
    "float8_e8m0fnu": (1.0, 2.0**127, 2.0**-127),
}


class _AbsentDtype:
    """A dtype that is not here; tensors of it cannot be made."""

    is_complex = False

    def __init__(self, name):
        self.name, self.is_floating_point = name, name in _LIMITS
        self.itemsize = int(self.is_floating_point)

    def __repr__(self):
        return f"torch.{self.name}"


globals().update(
    (name, _AbsentDtype(name))
    for name in """
        complex32 float4_e2m1fn_x2 float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz float8_e8m0fnu
        qint32 qint8 quint2x4 quint4x2 quint8
    """.split()
)
chalf = globals()["complex32"]


class finfo(dtype_info.finfo):
    """The limits of a floating-point dtype, also of 8-bit ones, of which there are no tensors."""

    def __init__(self, type=None):
        if not isinstance(type, _AbsentDtype) or not type.is_floating_point:
            super().__init__(type)
            return
        self.dtype, self.bits, self.resolution = type.name, 8, 1.0
        self.eps, self.max, self.tiny = _LIMITS[type.name]
        self.smallest_normal, self.min = self.tiny, self.tiny if "e8m0" in type.name else -self.max


cfloat, cdouble = complex64, complex128
jagged, sparse_csr, sparse_csc, sparse_bsr, sparse_bsc = map(
    layout, "jagged sparse_csr sparse_csc sparse_bsr sparse_bsc".split()
)
sym_int, sym_float, sym_max, sym_min = int, float, max, min


def sym_not(a):
    """Whether ``a`` is false."""
    return not a


def _assert(condition, message):
    """AssertionError with the message unless the condition holds."""
    assert condition, message


def _assert_async(condition, message=""):
    """RuntimeError with the message unless the tensor's only element is true."""
    if not bool(condition):
        raise RuntimeError(message or "Expected Tensor with single nonzero value, but got zero")


def _check(cond, message=None):
    """RuntimeError with what ``message()`` returns unless ``cond``."""
    _check_with(RuntimeError, cond, message)


def _check_with(error_type, cond, message=None):
    """``error_type`` with what ``message()`` returns unless ``cond``."""
    if not cond:
        raise error_type(str(message() if callable(message) else message or "Expected cond to be True"))


def _check_index(cond, message=None):
    """IndexError unless ``cond``."""
    _check_with(IndexError, cond, message)


def _check_value(cond, message=None):
    """ValueError unless ``cond``."""
    _check_with(ValueError, cond, message)


def _check_type(cond, message=None):
    """TypeError unless ``cond``."""
    _check_with(TypeError, cond, message)


def _check_tensor_all_with(error_type, cond, message=None):
    """``error_type`` with what ``message()`` returns unless all of the tensor ``cond`` is true."""
    _check_with(error_type, bool(all_of(cond)), message)


def _check_tensor_all(cond, message=None):
    """RuntimeError unless all of the tensor ``cond`` is true."""
    _check_tensor_all_with(RuntimeError, cond, message)


def _check_not_implemented(cond, message=None):
    """NotImplementedError unless ``cond``."""
    _check_with(NotImplementedError, cond, message)


def _check_is_size(i, message=None, **limits):
    """RuntimeError unless ``i`` can be a size."""
    _check_with(RuntimeError, i >= 0, message)


def _shape_as_tensor(x):
    """The shape as a tensor."""
    return tensor(list(x.shape), dtype=int64)


def _sample_dirichlet(concentration, generator=None):
    """A draw of the Dirichlet distribution over the last dimension."""
    return importlib.import_module("mytorch.distributions").Dirichlet(concentration).sample()


def cond(pred, true_fn, false_fn, operands=()):
    """``true_fn(*operands)`` if ``pred`` else ``false_fn(*operands)``."""
    return (true_fn if bool(pred) else false_fn)(*operands)


def while_loop(cond_fn, body_fn, carried_inputs):
    """The values that ``body_fn(*values)`` ends with when ``cond_fn(*values)`` is no longer true."""
    while bool(cond_fn(*carried_inputs)):
        carried_inputs = body_fn(*carried_inputs)
        if not isinstance(carried_inputs, tuple):
            carried_inputs = (carried_inputs,)
    return carried_inputs


def is_deterministic_algorithms_warn_only_enabled():
    """False: nothing warns, for every operation on the CPU is deterministic."""
    return False


def get_deterministic_debug_mode():
    """2 with ``use_deterministic_algorithms(True)``, else 0."""
    return 2 * torch_flags.are_deterministic_algorithms_enabled()


def set_deterministic_debug_mode(debug_mode):
    """``use_deterministic_algorithms(True)`` unless it is 0 or "default"."""
    torch_flags.use_deterministic_algorithms(debug_mode not in (0, "default"))


def is_warn_always_enabled():
    """False."""
    return False


def set_warn_always(b):
    """Nothing: Python's warnings decide how often they are shown."""


def is_same_size(input, other):
    """Whether both have one shape."""
    return input.shape == other.shape
