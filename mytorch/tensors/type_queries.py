"""Functions that say what kind of tensor or number something is."""

from __future__ import annotations

from ..core.dtypes import by_numpy, category
from ..core.graph import Variable
from ..ops import shape
from ..ops.promotion import result_numpy
from .creation import array_argument
from .tensor import Size


def is_tensor(obj) -> bool:
    """Whether ``obj`` is a Tensor."""
    return isinstance(obj, Variable)


def is_floating_point(input) -> bool:
    """Whether the elements are floating-point numbers."""
    return category(array_argument(input, "is_floating_point").dtype) == 2


def is_complex(input) -> bool:
    """Whether the elements are complex numbers."""
    return array_argument(input, "is_complex").dtype.kind == "c"


def is_nonzero(input) -> bool:
    """Whether the only element is not zero. RuntimeError for several elements or none."""
    return bool(input)


def numel(input) -> int:
    """The number of elements."""
    return array_argument(input, "numel").size


def result_type(tensor1, tensor2):
    """The dtype that an operation on two tensors or numbers gives.

    Tensors with dimensions take precedence over 0-d ones, and those over numbers.
    """
    values = [v.array if isinstance(v, Variable) else v for v in (tensor1, tensor2)]
    return by_numpy[result_numpy(values)]


def broadcast_shapes(*shapes):
    """The Size of the broadcast of tensors of these shapes."""
    return Size(shape.broadcast_shapes(*shapes))


def typename(obj) -> str:
    """The name with its module of a class, or of the class of ``obj``; for a tensor :meth:`Tensor.type`."""
    if isinstance(obj, Variable):
        return obj.type()  # type: ignore[attr-defined]
    kind = obj if hasattr(obj, "__qualname__") else type(obj)
    if kind.__module__ in ("builtins", None):
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"
