"""Parameter and Buffer: the tensors that a Module registers."""

from __future__ import annotations

import numpy

from ..core.dtypes import default_numpy
from ..core.graph import wrap
from ..tensors.tensor import Tensor, no_torch_function


def _values(data):
    """The array of ``data``, not copied; an empty one for None."""
    if data is None:
        return numpy.empty(0, default_numpy())
    if not isinstance(data, Tensor):
        raise TypeError(f"expected a Tensor as the data of a parameter or buffer, got {type(data).__name__}")
    return data.array


class _ParameterMeta(type(Tensor)):  # type: ignore[misc]
    """Tensors of subclasses that were made parameters are instances of Parameter too."""

    def __instancecheck__(cls, instance):
        return type.__instancecheck__(cls, instance) or (
            cls is Parameter and isinstance(instance, Tensor) and getattr(instance, "_is_param", False)
        )


class Parameter(Tensor, metaclass=_ParameterMeta):
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

    __torch_function__ = no_torch_function

    def __new__(cls, data=None, requires_grad=True):
        if (
            isinstance(data, Tensor)
            and type(data) is not Tensor
            and type(data).__torch_function__ is not no_torch_function
        ):
            new = data.detach().requires_grad_(requires_grad)
            new._is_param = True
            return new
        return wrap(_values(data), cls=cls).requires_grad_(requires_grad)

    def __deepcopy__(self, memo):
        new = memo[id(self)] = wrap(self.array.copy(), cls=type(self)).requires_grad_(self.requires_grad)
        new.__dict__.update(self._mytorch_extras())
        return new

    def __repr__(self):
        return "Parameter containing:\n" + super().__repr__()


class Buffer(Tensor):
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

    __torch_function__ = no_torch_function

    def __new__(cls, data=None, *, persistent=True):
        new = wrap(_values(data), cls=cls)
        new.persistent = persistent
        return new
