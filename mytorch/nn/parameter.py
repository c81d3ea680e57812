"""Parameter and Buffer: the tensors that a Module registers."""

from __future__ import annotations

import numpy

from ..core.dtypes import default_numpy
from ..core.graph import wrap
from ..tensors.conversion import state
from ..tensors.tensor import Tensor, no_torch_function


def _values(data):
    """The array of ``data``, not copied; an empty one for None."""
    if data is None:
        return numpy.empty(0, default_numpy())
    if not isinstance(data, Tensor):
        raise TypeError(f"expected a Tensor as the data of a parameter or buffer, got {type(data).__name__}")
    return data.array


def _is_special(data):
    """Whether it is a tensor of a subclass that has ``__torch_function__``, and stays one."""
    kind = type(data)
    return (
        isinstance(data, Tensor) and kind is not Tensor and kind.__torch_function__ is not no_torch_function
    )


def _marked(data, mark, requires_grad):
    """A leaf of the class of ``data``, on the same memory, with the mark."""
    new = data.detach().requires_grad_(requires_grad)
    setattr(new, mark, True)
    return new


class _Kind(type(Tensor)):  # type: ignore[misc]
    """A class whose instances are also tensors of other subclasses that have its ``mark``."""

    def __instancecheck__(cls, instance):
        if type.__instancecheck__(cls, instance):
            return True
        return isinstance(instance, Tensor) and vars(cls).get("mark") in vars(instance)


class Parameter(Tensor, metaclass=_Kind):
    """A tensor that, assigned to an attribute of a Module, becomes one of its parameters.

    It shares the memory of ``data`` (a Tensor; an empty one for None) and is a leaf that requires a gradient.
    TypeError for other data. A tensor of a subclass stays one; it counts as a Parameter.

    Args:
        data (Tensor): the values; None is an empty tensor
        requires_grad (bool): whether it collects a gradient

    Example:
        >>> nn.Parameter(mytorch.zeros(2)).requires_grad
        True
    """

    __torch_function__ = no_torch_function  # type: ignore[assignment]
    mark = "_is_param"

    def __new__(cls, data=None, requires_grad=True):
        if _is_special(data):
            return _marked(data, cls.mark, requires_grad)
        return wrap(_values(data), cls=cls).requires_grad_(requires_grad)

    def __deepcopy__(self, memo):
        new = memo[id(self)] = wrap(self.array.copy(), cls=type(self)).requires_grad_(self.requires_grad)
        state(new).update(self._mytorch_extras())
        return new

    def __repr__(self):
        return "Parameter containing:\n" + super().__repr__()


class Buffer(Tensor, metaclass=_Kind):
    """A tensor that, assigned to an attribute of a Module, becomes one of its buffers.

    A buffer is saved and moved with the module, but not trained. ``persistent=False`` leaves it out of the
    state_dict.

    Args:
        data (Tensor): the values; None is an empty tensor
        persistent (bool): whether it is part of the state_dict

    Example:
        >>> module = nn.Module()
        >>> module.mean = nn.Buffer(mytorch.zeros(2))
        >>> list(module.state_dict())
        ['mean']
    """

    __torch_function__ = no_torch_function  # type: ignore[assignment]
    mark = "_is_buffer"

    def __new__(cls, data=None, *, persistent=True):
        if _is_special(data):
            new = _marked(data, cls.mark, data.requires_grad)
        else:
            new = wrap(_values(data), cls=cls)
        new.persistent = persistent
        return new
