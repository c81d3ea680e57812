"""``torch._C``: the types, flags and switches of PyTorch's C++ that packages name."""

from __future__ import annotations

import contextlib
import enum

from ....core.arrays import device
from ....core.dtypes import dtype
from ....core.graph import Variable as TensorBase
from ....ops.dtype_info import finfo, iinfo
from ....ops.memory_format import layout, memory_format
from ....overrides import DisableTorchFunction, DisableTorchFunctionSubclass
from ....tensors.generator import Generator
from ....tensors.tensor import Size, no_torch_function
from ...refused import classes

_TensorBase = TensorBase


_disabled_torch_function_impl = staticmethod(no_torch_function)  # a class takes it as its method, unbound

globals().update(
    classes(
        "torch._C",
        """
        Argument Block FunctionSchema Future Graph JITException Node PyTorchFileReader PyTorchFileWriter
        ScriptClass ScriptDict ScriptFunction ScriptList ScriptMethod ScriptModule ScriptObject StreamObjType
        TracingState Type Value AnyType BoolType ClassType DictType FloatType IntType ListType NoneType
        NumberType OptionalType StringType TensorType TupleType UnionType
        """,
        "there is no TorchScript, and nothing written in C++",
    )
)


def _log_api_usage_once(name):
    """Nothing: nobody counts."""


def _get_tracing_state():
    """None: nothing is traced."""


def _are_functorch_transforms_active():
    """False: the functions of ``torch.func`` call their function with ordinary tensors."""
    return False


def _get_privateuse1_backend_name():
    """The name of the device type that a backend from outside would have."""
    return "privateuseone"


class DispatchKey(enum.Enum):
    """The layers through which PyTorch's C++ hands down a call; here a call is a function call."""

    Undefined, CPU, CUDA, XPU, MPS, Meta, Sparse, Autograd, AutogradCPU, AutogradCUDA = range(10)
    AutocastCPU, AutocastCUDA, AutocastXPU, AutocastMPS, Functionalize, Python = range(10, 16)
    CompositeImplicitAutograd, CompositeExplicitAutograd, ADInplaceOrView = range(16, 19)


class DispatchKeySet(frozenset):
    """A set of :class:`DispatchKey`."""

    def __new__(cls, *keys):
        return super().__new__(
            cls, keys[0] if len(keys) == 1 and not isinstance(keys[0], DispatchKey) else keys
        )

    def __or__(self, other):
        return DispatchKeySet(frozenset(self) | frozenset(other))

    def has(self, key):
        """Whether the key is among them."""
        return key in self


class _ExcludeDispatchKeyGuard(contextlib.nullcontext):
    """``with _ExcludeDispatchKeyGuard(keys): …`` changes nothing: there are no such layers."""


from . import _nn as _nn  # noqa: E402

_TensorMeta = type(TensorBase)  # the class of Tensor's class
