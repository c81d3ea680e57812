"""``__torch_function__``: calls that are handed to the class of an argument, or to the mode around them.

Nothing is asked until there is somebody to ask: with the first tensor of a subclass, the first argument of
another class that has ``__torch_function__``, and in a mode, the public functions look at their arguments
(``dispatching.py``). Handlers get the public function and call it again, with what asks them switched off.
"""

from __future__ import annotations

import warnings
from contextlib import nullcontext
from contextvars import ContextVar

from .tensor import Tensor, no_torch_function

_plain = {Tensor, int, float, complex, bool, str, slice, type(None), type(...)}  # those have no handler
modes_around: ContextVar[tuple] = ContextVar("torch_function_modes", default=())  # the innermost last
asked: ContextVar[tuple] = ContextVar("torch_function_asked", default=("subclasses", "modes"))


class Only:
    """A context in which of those who are asked only ``who`` still are: "subclasses" (classes of arguments),
    "modes".
    """

    def __init__(self, *who):
        self.who, self._tokens = who, []

    def __enter__(self):
        self._tokens.append(asked.set(tuple(w for w in asked.get() if w in self.who)))

    def __exit__(self, *exc_info):
        asked.reset(self._tokens.pop())


class DisableTorchFunctionSubclass(Only):
    """A context in which subclasses of Tensor are plain tensors, and functions only look for modes.

    Example:
        >>> class Logged(mytorch.Tensor):
        ...     @classmethod
        ...     def __torch_function__(cls, func, types, args=(), kwargs=None):
        ...         print(func.__name__)
        ...         return super().__torch_function__(func, types, args, kwargs)
        >>> with mytorch.overrides.DisableTorchFunctionSubclass():
        ...     Logged([1.0]) + 1
        tensor([2.])
    """

    def __init__(self):
        super().__init__("modes")


class DisableTorchFunction(Only):
    """A context without ``__torch_function__``: neither classes nor modes are asked."""

    def __init__(self):
        super().__init__()


def overloaded(values, tensors=False):
    """The arguments among ``values`` whose classes have ``__torch_function__``, one of each class: subclasses
    first, else from left to right. Plain tensors count with ``tensors=True``.
    """
    found: list = []
    for value in values:
        kind = type(value)
        method = getattr(kind, "__torch_function__", None)
        if method is None or (kind is Tensor and not tensors):
            continue
        if method is no_torch_function or any(base.__module__ == "torch._C" for base in kind.__mro__):
            _plain.add(kind)  # PyTorch's own tensors know nothing of these functions
            continue
        if all(kind is not type(other) for other in found):
            found.insert(
                next((i for i, o in enumerate(found) if issubclass(kind, type(o))), len(found)), value
            )
    return found


def among(args, kwargs):
    """:func:`overloaded` of a call: of its arguments, and of what is in lists among them."""
    values = [*args, *kwargs.values()]
    for value in values[:]:
        if isinstance(value, (list, tuple)):
            values += value
    return overloaded(values)


def dispatch(function, modes, objects, args, kwargs):
    """What the innermost mode says of the call, else one of ``objects`` in their order. TypeError if all say
    NotImplemented.
    """
    types = tuple(map(type, objects))
    if modes:
        token = modes_around.set(modes[:-1])
        try:
            result = modes[-1].__torch_function__(function, types, args, kwargs)
        finally:
            modes_around.reset(token)
        if result is not NotImplemented:
            return result
    for argument in objects:
        method = argument.__torch_function__
        if getattr(method, "__self__", None) is argument:
            warnings.warn(
                "Defining your `__torch_function__` as a plain method is deprecated and will be an error in "
                "future, please define it as a classmethod.",
                DeprecationWarning,
                stacklevel=2,
            )
        result = method(function, types, args, kwargs)
        if result is not NotImplemented:
            return result
    raise TypeError(
        f"no implementation found for {getattr(function, '__name__', function)!r} on types that implement "
        f"__torch_function__: {list(types)}" + (f" nor in mode {modes[-1]}" if modes else "")
    )


def around(function, looks=True):
    """What is done around the public ``function``; without ``looks`` only modes are asked."""

    def look(inner, args, kwargs):
        if _plain.issuperset(map(type, (*args, *kwargs.values()))) and not modes_around.get():
            return inner(*args, **kwargs)
        now = asked.get()
        modes = modes_around.get() if "modes" in now else ()
        objects = among(args, kwargs) if looks and "subclasses" in now else ()
        if modes or objects:
            return dispatch(function, modes, objects, args, kwargs)
        with nullcontext() if looks else Only():
            return inner(*args, **kwargs)

    look.outermost = True
    return look


def default(cls, func, types, args, kwargs):
    """``Tensor.__torch_function__``."""
    if not all(issubclass(cls, kind) for kind in types):
        return NotImplemented
    with Only("modes"):
        result = func(*args, **(kwargs or {}))
    return result if func == Tensor.grad.__get__ else _converted(result, cls)


def _converted(result, cls):
    """``result``, whose tensors become ones of ``cls``."""
    if isinstance(result, Tensor) and not isinstance(result, cls):
        return result.as_subclass(cls)
    if isinstance(result, (tuple, list)) and any(isinstance(part, (Tensor, tuple, list)) for part in result):
        parts = [_converted(part, cls) for part in result]
        return type(result)(*parts) if hasattr(result, "_fields") else type(result)(parts)
    return result
