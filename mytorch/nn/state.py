"""state_dict and load_state_dict: a module's parameters and buffers by name."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Mapping
from functools import partial

import numpy

from ..core.arrays import device_of, is_array, move
from ..core.graph import changed
from ..tensors.creation import as_tensor
from ..tensors.tensor import RemovableHandle, Tensor
from .parameter import Parameter

_EXTRA = "_extra_state"


def persistent_tensors(module):
    """The (name, tensor) pairs of the module itself that are saved."""
    yield from ((name, p) for name, p in module._parameters.items() if p is not None)
    yield from (
        (name, b)
        for name, b in module._buffers.items()
        if b is not None and name not in module._non_persistent_buffers_set
    )


class _IncompatibleKeys(namedtuple("_IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """The keys that ``load_state_dict(strict=False)`` could not match."""

    __slots__ = ()

    def __repr__(self):
        if self.missing_keys or self.unexpected_keys:
            return super().__repr__()
        return "<All keys matched successfully>"

    __str__ = __repr__


class State:
    """The part of Module that saves and loads."""

    _version = 1

    def get_extra_state(self):
        """Further state for the state_dict; define it together with ``set_extra_state``."""
        raise RuntimeError("Reached a code path in Module.get_extra_state() that should never be called.")

    def set_extra_state(self, state):
        """Restore ``state``, what ``get_extra_state`` returned."""
        raise RuntimeError("Reached a code path in Module.set_extra_state() that should never be called.")

    def state_dict(self, *args, destination=None, prefix="", keep_vars=False):
        """An OrderedDict of all parameters and persistent buffers by their full names.

        They are detached (unless ``keep_vars``) but not copied. They are added to ``destination``, if given;
        ``prefix`` stands in front of each name. ``args``: these three by position, as older code gives them.
        """
        if args:  # torch's old positional form: destination, prefix, keep_vars
            destination, prefix, keep_vars = args + (destination, prefix, keep_vars)[len(args) :]
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        local = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local
        for hook in list(self._state_dict_pre_hooks.values()):
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, child in self._modules.items():
            if child is not None:
                child.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in list(self._state_dict_hooks.values()):
            result = hook(self, destination, prefix, local)
            destination = destination if result is None else result
        return destination

    def _save_to_state_dict(self, destination, prefix, keep_vars):
        for name, value in persistent_tensors(self):
            destination[prefix + name] = value if keep_vars else value.detach()
        if type(self).get_extra_state is not State.get_extra_state:
            destination[prefix + _EXTRA] = self.get_extra_state()

    def load_state_dict(self, state_dict, strict=True, assign=False):
        """Copy the values of ``state_dict`` (name -> Tensor or NumPy array) into the parameters and buffers.

        ``strict``: the names have to match exactly. ``assign``: the given tensors replace those of the module
        instead of being copied into them. Returns (missing_keys, unexpected_keys). RuntimeError lists every
        key that is missing, unexpected or of another shape.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        metadata = getattr(state_dict, "_metadata", None) or {}
        missing, unexpected, errors = [], [], []

        def load(module, values, prefix):
            local = dict(metadata.get(prefix[:-1], {}))
            if assign:
                local["assign_to_params_buffers"] = True
            module._load_from_state_dict(values, prefix, local, True, missing, unexpected, errors)
            for name, child in module._modules.items():
                if child is not None:
                    inner = f"{prefix}{name}."
                    load(child, OrderedDict((k, v) for k, v in values.items() if k.startswith(inner)), inner)
            for hook in list(module._load_state_dict_post_hooks.values()):
                if hook(module, _IncompatibleKeys(missing, unexpected)) is not None:
                    raise AssertionError(
                        "a hook of register_load_state_dict_post_hook changes incompatible_keys in place and "
                        "returns None"
                    )

        load(self, OrderedDict(state_dict), "")
        if strict:
            for what, keys in (("Unexpected", unexpected), ("Missing", missing)):
                if keys:
                    errors.insert(0, f"{what} key(s) in state_dict: {', '.join(map(_quoted, keys))}. ")
        if errors:
            raise RuntimeError(
                f"Error(s) in loading state_dict for {type(self).__name__}:\n\t" + "\n\t".join(errors)
            )
        return _IncompatibleKeys(missing, unexpected)

    def _load_from_state_dict(
        self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
    ):
        for hook in list(self._load_state_dict_pre_hooks.values()):
            hook(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        own = dict(persistent_tensors(self))
        assign = local_metadata.get("assign_to_params_buffers", False)
        for name, tensor in own.items():
            key = prefix + name
            if key in state_dict:
                problem = _load(self, name, tensor, state_dict[key], key, assign)
                if problem:
                    error_msgs.append(problem)
            elif strict:
                missing_keys.append(key)
        extra = prefix + _EXTRA
        if type(self).set_extra_state is not State.set_extra_state:
            if extra in state_dict:
                self.set_extra_state(state_dict[extra])
            elif strict:
                missing_keys.append(extra)
        elif strict and extra in state_dict:
            unexpected_keys.append(extra)
        if strict:
            for key in state_dict:
                if key.startswith(prefix) and key != extra:
                    first, *rest = key[len(prefix) :].split(".", 1)
                    if first not in (self._modules if rest else own):
                        unexpected_keys.append(key)

    def register_state_dict_pre_hook(self, hook):
        """Call ``hook(module, prefix, keep_vars)`` before ``state_dict`` collects this module."""
        return RemovableHandle.add(self, "_state_dict_pre_hooks", hook)

    def register_state_dict_post_hook(self, hook):
        """Call ``hook(module, state_dict, prefix, local_metadata)`` after ``state_dict`` collected this
        module. It may change the ``state_dict`` in place; RuntimeError if it returns something.
        """
        return RemovableHandle.add(self, "_state_dict_hooks", partial(_returns_nothing, hook))

    def _register_state_dict_hook(self, hook):
        """torch's old form of :meth:`register_state_dict_post_hook`: the hook may return another
        ``state_dict``.
        """
        return RemovableHandle.add(self, "_state_dict_hooks", hook)

    def register_load_state_dict_pre_hook(self, hook):
        """Call ``hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys,
        error_msgs)`` before loading.
        """
        return RemovableHandle.add(self, "_load_state_dict_pre_hooks", lambda *args: hook(self, *args))

    def _register_load_state_dict_pre_hook(self, hook, with_module=False):
        """torch's old form of :meth:`register_load_state_dict_pre_hook`: without the module, unless
        ``with_module``.
        """
        return self.register_load_state_dict_pre_hook(
            hook if with_module else lambda module, *args: hook(*args)
        )

    def register_load_state_dict_post_hook(self, hook):
        """Call ``hook(module, incompatible_keys)`` after loading; it may change the lists in place."""
        return RemovableHandle.add(self, "_load_state_dict_post_hooks", hook)


def _returns_nothing(hook, *args):
    if hook(*args) is not None:
        raise RuntimeError("state_dict post-hook must return None")


def _quoted(key):
    return f'"{key}"'


def _load(module, name, tensor, value, key, assign):
    """Copy ``value`` into ``tensor``, or replace that. Returns what is wrong with the value, or None."""
    if is_array(value) or isinstance(value, numpy.generic):
        value = as_tensor(value)
    if not isinstance(value, Tensor):
        return (
            f'While copying the parameter named "{key}", expected a Tensor or a NumPy array from '
            f"checkpoint but received {type(value)}"
        )
    if not tensor.shape and tuple(value.shape) == (1,):
        value = value[0]
    if tuple(value.shape) != tuple(tensor.shape):
        return (
            f"size mismatch for {key}: copying a param with shape {_size(value)} from checkpoint, "
            f"the shape in current model is {_size(tensor)}."
        )
    if not assign:
        tensor.array[...] = move(value.array, device_of(tensor.array))
        changed(tensor)
        return None
    if isinstance(tensor, Parameter):
        if isinstance(value, Parameter):
            value.requires_grad_(tensor.requires_grad)
        else:
            value = Parameter(value.detach(), tensor.requires_grad)
    setattr(module, name, value)
    return None


def _size(tensor):
    return f"torch.Size({list(tensor.shape)})"
