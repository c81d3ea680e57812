"""Parametrizations: parameters that are computed from others each time they are read."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from contextlib import contextmanager

from ...core.grad_mode import no_grad
from ...tensors.public_names import lookup as _lookup
from ...tensors.tensor import Tensor
from ..container import ModuleDict, ModuleList
from ..parameter import Parameter

_cache: dict = {}
_caching = [0]  # how many contexts cached() are active


@contextmanager
def cached():
    """A context in which every parametrized tensor is computed once and then cached."""
    _caching[0] += 1
    try:
        yield
    finally:
        _caching[0] -= 1
        if not _caching[0]:
            _cache.clear()


def _register(module, name, value):
    (module.register_parameter if isinstance(value, Parameter) else module.register_buffer)(name, value)


def _same_kind(what, before, after, change=""):
    """ValueError unless ``after`` is a tensor of the dtype and shape of ``before``."""
    if not isinstance(after, Tensor):
        raise ValueError(f"A parametrization must return a tensor. Got {type(after).__name__}.")
    for name in ("dtype", "shape"):
        if getattr(before, name) != getattr(after, name):
            raise ValueError(
                f"Registering a parametrization may not change the {name} of the tensor, unless "
                f"{change} flag is enabled.\n"
                f"{what[0]} {name}: {getattr(before, name)}\n{what[1]} {name}: {getattr(after, name)}"
            )


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, applied in order to ``original`` (or ``original0``, …)."""

    def __init__(self, modules, original, unsafe=False):
        modules = list(modules)
        if not modules:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        shape_and_dtype = original.detach()
        with no_grad():
            new = original
            for module in reversed(modules):
                if hasattr(module, "right_inverse"):
                    try:
                        new = module.right_inverse(new)
                    except NotImplementedError:
                        pass
        if not isinstance(new, (Tensor, Sequence)):
            raise ValueError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got "
                f"{type(new).__name__}"
            )
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if self.is_tensor else len(new)
        if self.is_tensor:
            if new.dtype != original.dtype:
                raise ValueError(
                    "When `right_inverse` outputs one tensor, it may not change the dtype.\n"
                    f"original.dtype: {original.dtype}\nright_inverse(original).dtype: {new.dtype}"
                )
            original.data = new.detach()
            _register(self, "original", original)
        else:
            for i, part in enumerate(new):
                if not isinstance(part, Tensor):
                    raise ValueError(
                        "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got "
                        f"element {i} of the sequence with type {type(part).__name__}."
                    )
                wants = original.requires_grad
                if isinstance(original, Parameter):
                    part = Parameter(part.detach(), wants)
                else:
                    part = part.detach().requires_grad_(wants)
                _register(self, f"original{i}", part)
        if not unsafe:
            _same_kind(("unparametrized", "parametrized"), shape_and_dtype, self(), "`unsafe`")

    def forward(self):
        """The tensor that the parametrizations compute."""
        originals = (
            [self.original]
            if self.is_tensor
            else [getattr(self, f"original{i}") for i in range(self.ntensors)]
        )
        first, *rest = self
        x = first(*originals)
        for module in rest:
            x = module(x)
        return x

    def right_inverse(self, value):
        """Set the originals so that the tensor becomes ``value``, by the right_inverse of each
        parametrization, from the last to the first.
        """
        with no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(
                        f"parametrization {type(module).__name__} does not implement right_inverse."
                    )
                value = module.right_inverse(value)
            if self.is_tensor:
                if not isinstance(value, Tensor):
                    raise ValueError(f"`right_inverse` should return a tensor. Got {type(value).__name__}")
                value = [value]
            elif not isinstance(value, Sequence) or len(value) != self.ntensors:
                raise ValueError(
                    f"'right_inverse' must return a sequence of tensors of length {self.ntensors}. Got "
                    f"{type(value).__name__}."
                )
            for i, part in enumerate(value):
                name = "original" if self.is_tensor else f"original{i}"
                if part.dtype != getattr(self, name).dtype:
                    raise ValueError(
                        f"The tensor returned by `right_inverse` has dtype {part.dtype} while `{name}` "
                        f"has dtype {getattr(self, name).dtype}"
                    )
                getattr(self, name).data = part.detach()


def _deepcopy(self, memo):
    new = memo[id(self)] = type(self).__new__(type(self))
    new.__dict__ = copy.deepcopy(self.__dict__, memo)
    return new


def _refuse_pickle(self):
    raise RuntimeError("Serialization of parametrized modules is only supported through state_dict().")


def _computed(name):
    """The property that computes the tensor ``name``."""

    def read(self):
        if not _caching[0]:
            return self.parametrizations[name]()
        if (id(self), name) not in _cache:
            _cache[id(self), name] = self.parametrizations[name]()
        return _cache[id(self), name]

    return property(read, lambda self, value: self.parametrizations[name].right_inverse(value))


def register_parametrization(module, tensor_name, parametrization, *, unsafe=False):
    """Replace the parameter or buffer ``tensor_name`` by ``parametrization``, a module, of it.

    Assigning to it calls ``parametrization.right_inverse``, if there is one. Returns the module. ValueError
    if there is no such tensor, or if dtype or shape change (unless ``unsafe``).
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            before = getattr(module, tensor_name)
            after = parametrization(before)
            names = (f"module.{tensor_name}", f"parametrization(module.{tensor_name})")
            _same_kind(names, before, after, "the `unsafe`")
            if hasattr(parametrization, "right_inverse"):
                try:
                    back = parametrization.right_inverse(after)
                except NotImplementedError:
                    pass
                else:
                    _same_kind((names[0], "right_inverse"), before, back, "the `unsafe`")
        parametrizations = module.parametrizations[tensor_name]
        parametrizations.append(parametrization)
        parametrizations.unsafe |= unsafe
        return module
    if tensor_name not in module._parameters and tensor_name not in module._buffers:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with "
            f"name '{tensor_name}'"
        )
    parametrizations = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        cls = type(module)
        module.__class__ = type(
            f"Parametrized{cls.__name__}", (cls,), {"__getstate__": _refuse_pickle, "__deepcopy__": _deepcopy}
        )
        module.parametrizations = ModuleDict()
    setattr(type(module), tensor_name, _computed(tensor_name))
    module.parametrizations[tensor_name] = parametrizations
    return module


def is_parametrized(module, tensor_name=None):
    """Whether ``module`` has a parametrization, or one of the tensor ``tensor_name``."""
    parametrizations = getattr(module, "parametrizations", None)
    if not isinstance(parametrizations, ModuleDict):
        return False
    return len(parametrizations) > 0 if tensor_name is None else tensor_name in parametrizations


def remove_parametrizations(module, tensor_name, leave_parametrized=True):
    """Make ``tensor_name`` an ordinary tensor again, with its current value.

    ``leave_parametrized=False``: with the value of the original. Returns the module. ValueError unless
    it is parametrized.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    parametrizations = module.parametrizations[tensor_name]
    if parametrizations.is_tensor:
        original = parametrizations.original
        if leave_parametrized:
            with no_grad():
                original.data = getattr(module, tensor_name).detach()
    elif leave_parametrized:
        value = getattr(module, tensor_name)
        original = Parameter(value.detach()) if value.requires_grad else value
    else:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in "
            "terms of a sequence of tensors."
        )
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    _register(module, tensor_name, original)
    if not is_parametrized(module):
        del module.parametrizations
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module):
    """The class of ``module`` without its parametrizations."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


__getattr__ = _lookup(__name__)
