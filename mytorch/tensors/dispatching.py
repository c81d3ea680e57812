"""Which functions look for ``__torch_function__``, and from when on."""

from __future__ import annotations

import sys
from types import FunctionType

from ..core import graph
from ..core.graph import wrap
from ..core.primitive import Primitive, primitives
from ..ops import composite
from ..ops.interpose import While, arounds_of, interpose, is_outermost
from .conversion import state
from .public_names import documented
from .tensor import Tensor
from .torch_function import Only, around, modes_around

ROOT = __package__.partition(".")[0]
# What mytorch's operators call, and which method they are for torch.
OPERATORS = """
    __add__=add __sub__=sub __mul__=mul __truediv__=div __mod__=remainder __pow__=pow __neg__=neg __abs__=abs
    __matmul__=matmul __ne__=ne __gt__=gt __ge__=ge __lt__=lt __le__=le __iadd__=add_ __isub__=sub_
    __imul__=mul_ __itruediv__=div_ __ifloordiv__=floor_divide_ __imod__=remainder_ __ipow__=pow_
"""
# Those look at no argument: only modes see them.
FACTORIES = """
    arange as_tensor asarray bartlett_window blackman_window can_cast empty empty_permuted empty_strided eye
    full hamming_window hann_window kaiser_window linspace logspace ones promote_types rand randint randn
    randperm range scalar_tensor sparse_coo_tensor tensor tril_indices triu_indices zeros
""".split()
# Neither modes nor subclasses see these.
UNSEEN = """
    __class_getitem__ __getstate__ __init__ __init_subclass__ __new__ __setstate__ __torch_function__
    are_deterministic_algorithms_enabled as_subclass broadcast_shapes compile from_dlpack from_numpy
    frombuffer get_default_device get_default_dtype get_float32_matmul_precision get_num_threads
    get_printoptions is_anomaly_check_nan_enabled is_anomaly_enabled is_grad_enabled is_inference_mode_enabled
    is_tensor keep_freed_memory printoptions set_default_device set_default_dtype set_default_tensor_type
    set_float32_matmul_precision set_flush_denormal set_num_threads set_printoptions typename
    use_deterministic_algorithms
""".split()
# Where public functions are written or named.
_ROOMS = (
    "ops tensors functional linalg fft special masked signal sparse nn.functional nn.native nn.native_losses"
)
_PLACES = tuple(f"{ROOT}.{room}" for room in _ROOMS.split())


def is_seen(name, value):
    """Whether ``value``, called ``name``, is a function that is handed on."""
    if not isinstance(value, FunctionType) or name in UNSEEN:
        return False
    return value.__module__ == ROOT or value.__module__.startswith(_PLACES)


def _arounds():
    """{function: what is done around it} for all that is loaded, and for what gives what will be loaded."""
    arounds = {graph.refresh: _quietly, Tensor.as_subclass: _quietly, Tensor.__iter__: _rows}
    arounds[Tensor.__repr__] = around(Tensor.__repr__)
    operators = dict(entry.split("=") for entry in OPERATORS.split())
    for cls in Tensor.__mro__[:-2]:
        for name, value in vars(cls).items():
            if isinstance(value, property):
                arounds.setdefault(value.fget, around(value.__get__))
                arounds.update({value.fset: around(value.__set__)} if value.fset else {})
            elif is_seen(name, value) and (name.startswith("__") or not name.startswith("_")):
                if getattr(Tensor, value.__name__, None) is not value:
                    _renamed.append((value, value.__name__))
                    value.__name__ = name  # handlers may look at it
                arounds.setdefault(value, around(getattr(Tensor, operators.get(name, name))))
    for place in (ROOT, *_PLACES):
        module = sys.modules.get(place)
        names = vars(module) if place == ROOT else dir(module)  # of the root only what is loaded
        for name in {*getattr(module, "__all__", ())}.intersection(names):
            value = getattr(module, name)
            for function, looks in _around_all(value).items() if is_seen(name, value) else ():
                arounds.setdefault(function, looks)
    for op in primitives.values():
        arounds.setdefault(op.function, around(op.function))
    for makes in (Primitive.as_function, documented, composite.takes_tensors):
        arounds[makes] = _found_late
    return arounds


def _around_all(public):
    """{function: what is done around it} of a public function, and of what it wraps, which layers call."""
    looks = around(public, public.__name__ not in FACTORIES)
    inner = getattr(public, "__wrapped__", None)  # of an in-place form it is the other form
    is_same = inner and inner.__name__ == public.__name__ and not hasattr(public, "takes_out")
    return {inner: looks, public: looks} if is_same else {public: looks}


def _quietly(inner, args, kwargs):
    with Only():
        return inner(*args, **kwargs)


def _rows(inner, args, kwargs):
    return iter(args[0].unbind(0)) if args[0].array.ndim else inner(*args, **kwargs)


def _found_late(inner, args, kwargs):
    """A function that is first used while others look already."""
    value = inner(*args, **kwargs)
    if is_seen(getattr(value, "__name__", ""), value):
        new = {
            function: looks
            for function, looks in _around_all(value).items()
            if not any(map(is_outermost, arounds_of(function)))
        }
        _looking.ends += [interpose(function, looks) for function, looks in new.items()]
    return value


class _Looking(While):
    """Functions have the names that handlers see, until nobody looks any more."""

    def __exit__(self, *exc_info):
        super().__exit__(*exc_info)
        while _renamed and not self.entered:
            function, name = _renamed.pop()
            function.__name__ = name


_looking = _Looking(_arounds)
_renamed: list = []  # (function, its own name)
_settled: list = []  # not empty: the functions go on looking


def look():
    """From now on functions look at their arguments."""
    if not _settled:
        _settled.append(_looking.__enter__())


def look_no_more():
    """The end of :func:`look`, until it is called again."""
    while _settled:
        _settled.pop()
        _looking.__exit__()


class FirstArray:
    """``array`` in a subclass of Tensor, until its first instance is made: then functions begin to look for
    ``__torch_function__``.
    """

    def __set__(self, tensor, array):
        for cls in type(tensor).__mro__:
            if type(vars(cls).get("array")) is FirstArray:
                del cls.array
        look()
        tensor.array = array

    def __get__(self, tensor, owner):
        self.__set__(tensor, state(tensor)["array"])
        return tensor.array


def as_subclass(self, cls):
    """The tensor as one of ``cls``, a subclass of Tensor, on the same memory; gradients pass."""
    view = self.view(self.array.shape)
    new = wrap(view.array, cls=cls)
    state(new).update(state(view))
    return new


class TorchFunctionMode:
    """A context manager in which the mode's ``__torch_function__`` gets all calls of public functions.

    What the handler calls itself goes to the mode around it.

    Example:
        >>> class Shapes(mytorch.overrides.TorchFunctionMode):
        ...     def __torch_function__(self, func, types, args=(), kwargs=None):
        ...         result = func(*args, **(kwargs or {}))
        ...         print(func.__name__, list(result.shape))
        ...         return result
        >>> with Shapes():
        ...     x = mytorch.ones(2) @ mytorch.ones(2, 3)
        ones [2]
        ones [2, 3]
        matmul [3]
    """

    def __torch_function__(self, func, types, args=(), kwargs=None):
        """What the call of the public function ``func`` shall give; NotImplemented to leave it to others."""
        raise NotImplementedError

    def __enter__(self):
        _looking.__enter__()
        modes_around.set((*modes_around.get(), self))
        return self

    def __exit__(self, *exc_info):
        modes_around.set(modes_around.get()[:-1])
        _looking.__exit__()


class BaseTorchFunctionMode(TorchFunctionMode):
    """A mode that changes nothing."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        """The plain result."""
        return func(*args, **(kwargs or {}))
