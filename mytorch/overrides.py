"""``torch.overrides``: classes and modes that take over the functions of tensors by ``__torch_function__``.

The dispatch itself is in ``tensors/torch_function.py``, modes are in ``tensors/dispatching.py``.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
from types import FunctionType

from .tensors.dispatching import FACTORIES, BaseTorchFunctionMode, TorchFunctionMode, is_seen
from .tensors.public_names import lookup as _lookup
from .tensors.public_names import publish as _publish
from .tensors.tensor import Tensor
from .tensors.torch_function import (
    DisableTorchFunction,
    DisableTorchFunctionSubclass,
    asked,
    dispatch,
    modes_around,
    overloaded,
)

__all__ = [
    "BaseTorchFunctionMode",
    "DisableTorchFunction",
    "DisableTorchFunctionSubclass",
    "TorchFunctionMode",
    "get_ignored_functions",
    "get_overridable_functions",
    "get_testing_overrides",
    "handle_torch_function",
    "has_torch_function",
    "has_torch_function_unary",
    "has_torch_function_variadic",
    "is_tensor_like",
    "is_tensor_method_or_property",
    "resolve_name",
    "wrap_torch_function",
]

# ---- in functions of your own --------------------------------------------------------------------


def _modes():
    return modes_around.get() if "modes" in asked.get() else ()


def has_torch_function(relevant_args) -> bool:
    """Whether somebody wants a call: a mode, or one of the arguments that is no ordinary tensor."""
    return bool(_modes() or ("subclasses" in asked.get() and overloaded(relevant_args)))


def has_torch_function_unary(argument) -> bool:
    """As :func:`has_torch_function`, of one argument."""
    return has_torch_function((argument,))


def has_torch_function_variadic(*arguments) -> bool:
    """As :func:`has_torch_function`, of several arguments."""
    return has_torch_function(arguments)


def handle_torch_function(public_api, relevant_args, *args, **kwargs):
    """What those who want the call ``public_api(*args, **kwargs)`` say: the innermost mode, then the
    arguments, subclasses first. TypeError if all of them return NotImplemented.
    """
    objects = overloaded(relevant_args, tensors=True) if "subclasses" in asked.get() else ()
    return dispatch(public_api, _modes(), objects, args, kwargs)


def wrap_torch_function(dispatcher):
    """A decorator: the arguments that ``dispatcher``, called like the function, returns can override it."""

    def decorate(function):
        @functools.wraps(function)
        def wrapped(*args, **kwargs):
            relevant = dispatcher(*args, **kwargs)
            if has_torch_function(relevant):
                return handle_torch_function(wrapped, relevant, *args, **kwargs)
            return function(*args, **kwargs)

        return wrapped

    return decorate


# ---- what there is -------------------------------------------------------------------------------


def is_tensor_like(inp) -> bool:
    """Whether it is a tensor, or of another class that has ``__torch_function__``."""
    return type(inp) is Tensor or hasattr(inp, "__torch_function__")


def is_tensor_method_or_property(func) -> bool:
    """Whether ``func``, as a handler gets it, is a method of Tensor or the ``__get__`` of a property."""
    return func.__name__ == "__get__" or any(func == member for _, member in _members())


def _members():
    """(name, function) of the methods of Tensor and the ``__get__`` of its properties."""
    for name in dir(Tensor):
        value = inspect.getattr_static(Tensor, name)
        if isinstance(value, property) and (not name.startswith("_") or name == "_version"):
            yield f"{name}.__get__", value.__get__
            yield f"{name}.__set__", value.__set__
        elif is_seen(name, getattr(Tensor, name)) and (name.startswith("__") or not name.startswith("_")):
            yield name, getattr(Tensor, name)


@functools.cache
def _functions():
    """{namespace: {its name in torch: function}} of all public functions."""
    found: dict = {}
    root = __name__.partition(".")[0]
    for place in ("", "nn.functional", "linalg", "fft", "special"):
        module = importlib.import_module(f"{root}.{place}".rstrip("."))
        named = {name: getattr(module, name) for name in module.__all__}
        prefix = f"torch.{place}." if place else "torch."
        found[module] = {prefix + name: f for name, f in named.items() if isinstance(f, FunctionType)}
    found[Tensor] = {f"torch.Tensor.{name}": member for name, member in _members()}
    return found


def resolve_name(f):
    """The name of a public function, such as "torch.Tensor.shape.__get__"; None for others."""
    names = (name for named in _functions().values() for name, function in named.items() if function == f)
    return next(names, None)


def get_overridable_functions():
    """{namespace: list of its functions} that arguments can override."""
    ignored = get_ignored_functions()
    return {
        namespace: [f for name, f in named.items() if f not in ignored and not name.endswith(".__set__")]
        for namespace, named in _functions().items()
    }


def get_ignored_functions():
    """The set of public functions that no argument overrides, because none is a tensor or by design."""
    named = _functions()[sys.modules[__name__.partition(".")[0]]]
    return {
        Tensor.as_subclass,
        *(f for f in named.values() if f.__name__ in FACTORIES or not is_seen(f.__name__, f)),
    }


def get_testing_overrides():
    """{function: a function of the same parameters that returns -1} of all that can be overridden."""
    return {f: _stand_in(f) for functions in get_overridable_functions().values() for f in functions}


def _stand_in(function):
    def stand_in(*args, **kwargs):
        return -1

    stand_in.__signature__ = inspect.signature(function)
    return stand_in


_publish(__name__)
__getattr__ = _lookup(__name__)
