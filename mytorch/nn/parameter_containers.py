"""Modules that hold parameters: ParameterList, ParameterDict."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Iterable, Mapping

from ..tensors.tensor import Tensor
from .container import key_value_pairs
from .module import Module
from .parameter import Parameter


def _described(name, value, kind):
    """One line of the ``repr`` of a container of parameters; ``kind(value)`` is the name of the type."""
    if not isinstance(value, Tensor):
        return f"  ({name}): Object of type: {type(value).__name__}"
    size = "x".join(map(str, value.shape))
    place = f" ({value.device})" if value.is_cuda else ""
    holder = "Parameter" if isinstance(value, Parameter) else "Tensor"
    return f"  ({name}): {holder} containing: [{kind(value)} of size {size}{place}]"


def _as_parameter(value):
    return Parameter(value) if isinstance(value, Tensor) and not isinstance(value, Parameter) else value


class ParameterList(Module):
    """A list of parameters (tensors become parameters; other objects are kept as they are).

    Args:
        values (iterable of Tensor): the parameters to begin with

    Example:
        >>> weights = nn.ParameterList([mytorch.zeros(2), mytorch.zeros(3)])
        >>> [w.shape for w in weights]
        [mytorch.Size([2]), mytorch.Size([3])]
    """

    def __init__(self, values=None):
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def _mytorch_key(self, index):
        index = operator.index(index)
        if not -len(self) <= index < len(self):
            raise IndexError(f"index {index} is out of range")
        return str(index % len(self))

    def __getitem__(self, index):
        if isinstance(index, slice):
            return type(self)(self[i] for i in range(*index.indices(len(self))))
        return getattr(self, self._mytorch_key(index))

    def __setitem__(self, index, value):
        setattr(self, self._mytorch_key(index), _as_parameter(value))

    def __len__(self):
        return self._size

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def append(self, value):
        """Add ``value`` at the end; returns the list."""
        self._size += 1
        self[self._size - 1] = value
        return self

    def extend(self, values):
        """Add all ``values`` at the end; returns the list."""
        if not isinstance(values, Iterable) or isinstance(values, Tensor):
            raise TypeError(
                f"ParameterList.extend should be called with an iterable, but got {type(values).__name__}"
            )
        for value in list(values):
            self.append(value)
        return self

    def __iadd__(self, values):
        return self.extend(values)

    def extra_repr(self):
        """One line per element."""
        return "\n".join(_described(i, p, lambda p: p.dtype) for i, p in enumerate(self))

    def __call__(self, *args, **kwargs):
        raise RuntimeError("ParameterList should not be called.")


class ParameterDict(Module):
    """A dict of parameters (tensors become parameters; other objects are kept as they are).

    Args:
        parameters (dict of Tensor): the parameters to begin with, or pairs of keys and parameters

    Example:
        >>> weights = nn.ParameterDict({"scale": mytorch.ones(2)})
        >>> weights["scale"].requires_grad
        True
    """

    def __init__(self, parameters=None):
        super().__init__()
        self._keys = {}
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key):
        if key not in self._keys:
            raise KeyError(key)
        return getattr(self, key)

    def __setitem__(self, key, value):
        if not isinstance(key, str):
            raise TypeError(
                "Index given to ParameterDict cannot be used as a key as it is not a string (type is "
                f"'{type(key).__name__}')."
            )
        setattr(self, key, _as_parameter(value))
        self._keys[key] = None

    def __delitem__(self, key):
        del self._keys[key]
        delattr(self, key)

    def __len__(self):
        return len(self._keys)

    def __iter__(self):
        return iter(self._keys)

    def __reversed__(self):
        return reversed(self._keys)

    def __contains__(self, key):
        return key in self._keys

    def copy(self):
        """Another ParameterDict with the same parameters."""
        return ParameterDict(OrderedDict(self.items()))

    def setdefault(self, key, default=None):
        """The value at ``key``, put there first (as ``default``) if there is none."""
        if key not in self:
            self[key] = default
        return self[key]

    def clear(self):
        """Remove everything."""
        for key in list(self._keys):
            del self[key]

    def pop(self, key):
        """Take the value at ``key`` out and return it."""
        value = self[key]
        del self[key]
        return value

    def popitem(self):
        """Take the last (key, value) pair out and return it."""
        key = next(reversed(self._keys))
        return key, self.pop(key)

    def get(self, key, default=None):
        """The value at ``key``, or ``default``."""
        return self[key] if key in self._keys else default

    def fromkeys(self, keys, default=None):
        """A new ParameterDict with ``default`` at all ``keys``."""
        return ParameterDict((key, default) for key in keys)

    def keys(self):
        """The names."""
        return self._keys.keys()

    def items(self):
        """The (name, value) pairs."""
        return ((key, self[key]) for key in self._keys)

    def values(self):
        """The values."""
        return (self[key] for key in self._keys)

    def update(self, parameters):
        """Add or replace values from a mapping or (name, value) pairs.

        The items of a mapping are added in the order of its sorted keys, as in torch, unless it is an
        OrderedDict.
        """
        pairs = key_value_pairs(parameters, "ParameterDict")
        keeps_order = not isinstance(parameters, Mapping) or isinstance(parameters, OrderedDict)
        for key, value in pairs if keeps_order else sorted(pairs):
            self[key] = value

    def extra_repr(self):
        """One line per element."""
        return "\n".join(_described(key, p, lambda p: p.type()) for key, p in self.items())

    def __or__(self, other):
        new = self.copy()
        new.update(other)
        return new

    def __ior__(self, other):
        self.update(other)
        return self

    def __ror__(self, other):
        new = ParameterDict(other)
        new.update(self)
        return new

    def __call__(self, *args, **kwargs):
        raise RuntimeError("ParameterDict should not be called.")
