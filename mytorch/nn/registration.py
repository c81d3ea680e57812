"""What happens when a parameter, buffer or module is assigned to an attribute of a module."""

from __future__ import annotations

from typing import NamedTuple

from ..tensors.tensor import Tensor
from .parameter import Buffer, Parameter


class Registered:
    """Descriptor in a layer's class: finds the parameter of its name faster than ``__getattr__``, which
    Python calls only after the ordinary lookup has failed. The class itself has no such attribute.
    """

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, module, owner=None):
        try:
            parameters = module._parameters
            return parameters[self.name] if self.name in parameters else module._buffers[self.name]
        except (AttributeError, KeyError):
            raise AttributeError(self.name) from None


class Registration:
    """The part of Module that registers parameters, buffers and modules, and finds them as attributes."""

    def __getattr__(self, name):  # only for names that are not found otherwise
        own = self.__dict__
        for kind in ("_parameters", "_buffers", "_modules"):
            if kind in own and name in own[kind]:
                return own[kind][name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __setattr__(self, name, value):
        own = self.__dict__
        for kind in _KINDS:
            registered = own.get(kind.attribute)
            if isinstance(value, kind.cls):
                if registered is None:
                    raise AttributeError(f"cannot assign {kind.many} before Module.__init__() call")
            elif registered is None or name not in registered:
                continue
            elif value is not None and not isinstance(value, kind.replaced_by):
                raise TypeError(
                    f"cannot assign '{typename(value)}' as {kind.name} '{name}' "
                    f"({kind.expected} or None expected)"
                )
            if name not in registered:
                self.__forget(name)
            kind.register(self, name, value)
            return
        object.__setattr__(self, name, value)

    def __forget(self, name):
        """Remove ``name`` wherever it is, before it is registered as another kind."""
        for place in (self.__dict__, self._parameters, self._buffers, self._modules):
            place.pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    def __delattr__(self, name):
        for registered in (self._parameters, self._buffers, self._modules):
            if name in registered:
                del registered[name]
                self._non_persistent_buffers_set.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self):
        names = {*super().__dir__(), *self.__dict__, *self._parameters, *self._modules, *self._buffers}
        return sorted(name for name in names if not name[0].isdigit())

    def __check_name(self, kind, name, registered):
        if registered is None:
            raise AttributeError(f"cannot assign {kind} before Module.__init__() call")
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {typename(name)}")
        if hasattr(self, name) and name not in registered:
            raise KeyError(f"attribute '{name}' already exists")
        if "." in name:
            raise KeyError(f'{kind} name can\'t contain "."' + (f", got: {name}" if kind == "module" else ""))
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')

    def register_parameter(self, name, param):
        """Add ``param``, a Parameter, under ``name``; None is a parameter that the module does without.

        KeyError for a bad name, TypeError for another type.
        """
        self.__check_name("parameter", name, self.__dict__.get("_parameters"))
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{typename(param)}' object to parameter '{name}' "
                "(torch.nn.Parameter or None required)"
            )
        if param is not None and not param.is_leaf:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created "
                f"explicitly. To express '{name}' as a function of another Tensor, compute the value in the "
                "forward() method."
            )
        self._parameters[name] = param

    def register_buffer(self, name, tensor, persistent=True):
        """Add a tensor under ``name`` that is moved and saved with the module but not trained.

        ``persistent=False`` leaves it out of the state_dict.
        """
        self.__check_name("buffer", name, self.__dict__.get("_buffers"))
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{typename(tensor)}' object to buffer '{name}' "
                "(torch Tensor or None required)"
            )
        self._buffers[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name, module):
        """Add a child module (or None) under ``name``."""
        if module is not None and not isinstance(module, Registration):
            raise TypeError(f"{typename(module)} is not a Module subclass")
        self.__check_name("module", name, self.__dict__.get("_modules"))
        self._modules[name] = module

    def register_module(self, name, module):
        """The same as ``add_module(name, module)``."""
        self.add_module(name, module)


def typename(value):
    """How messages name the type of ``value``."""
    if isinstance(value, Tensor):
        return value.type()
    module = type(value).__module__
    return type(value).__qualname__ if module == "builtins" else f"{module}.{type(value).__qualname__}"


# ---- where assigned values go --------------------------------------------------------------------


def _assign_buffer(module, name, value):
    if isinstance(value, Buffer):
        persistent = value.persistent
    else:
        persistent = name not in module._non_persistent_buffers_set
    module.register_buffer(name, value, persistent)


def _assign_module(module, name, value):
    module._modules[name] = value


class _Kind(NamedTuple):
    """What is registered by assignment: parameters, modules or buffers."""

    attribute: str  # the dict of the module that holds them
    cls: type  # the values that are registered when they are assigned
    replaced_by: type  # the values that may replace a registered one
    register: object
    name: str  # in messages: of one, of several, and what is expected
    many: str
    expected: str


_KINDS = (
    _Kind(
        "_parameters",
        Parameter,
        Parameter,
        Registration.register_parameter,
        "parameter",
        "parameters",
        "torch.nn.Parameter",
    ),
    _Kind(
        "_modules",
        Registration,
        Registration,
        _assign_module,
        "child module",
        "module",
        "torch.nn.Module",
    ),
    _Kind("_buffers", Buffer, Tensor, _assign_buffer, "buffer", "buffer", "torch.nn.Buffer, torch.Tensor"),
)
