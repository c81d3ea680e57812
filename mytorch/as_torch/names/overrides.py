"""``torch.overrides``: objects that take over the functions that they are given to."""

from __future__ import annotations

from ...core.graph import Variable


def has_torch_function(relevant_args):
    """Whether one of the arguments, which is no ordinary tensor, has ``__torch_function__``."""
    return any(hasattr(type(a), "__torch_function__") and not _ordinary(a) for a in relevant_args)


def _ordinary(argument):
    return isinstance(argument, Variable) and type(argument).__module__.partition(".")[0] == "mytorch"


def has_torch_function_unary(argument):
    """As :func:`has_torch_function`, of one argument."""
    return has_torch_function((argument,))


def has_torch_function_variadic(*arguments):
    """As :func:`has_torch_function`, of several arguments."""
    return has_torch_function(arguments)


def handle_torch_function(public_api, relevant_args, *args, **kwargs):
    """What the first ``__torch_function__`` of an argument that is willing says; subclasses come first."""
    types, willing = [], []
    for argument in relevant_args:
        kind = type(argument)
        if hasattr(kind, "__torch_function__") and kind not in types and not _ordinary(argument):
            place = next((i for i, w in enumerate(willing) if issubclass(kind, type(w))), len(willing))
            types.append(kind)
            willing.insert(place, argument)
    for argument in willing:
        result = argument.__torch_function__(public_api, tuple(types), args, kwargs)
        if result is not NotImplemented:
            return result
    raise TypeError(f"no implementation found for {public_api!r} on types {types}")


def is_tensor_like(inp):
    """Whether it is a tensor, or stands for one."""
    return isinstance(inp, Variable) or hasattr(type(inp), "__torch_function__")


def is_tensor_method_or_property(func):
    """Whether the function is a method of Tensor."""
    return "Tensor." in getattr(func, "__qualname__", "")


class TorchFunctionMode:
    """NotImplementedError when entered: functions do not ask whether a mode is on."""

    def __enter__(self):
        raise NotImplementedError("TorchFunctionMode: mytorch's functions cannot be intercepted")

    def __exit__(self, *exc_info):
        pass
