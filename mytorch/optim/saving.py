"""state_dict and load_state_dict of optimizers, in torch's layout."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy

from ..core.arrays import as_array, device_of, is_array, move
from ..core.graph import wrap
from ..tensors.tensor import Tensor
from .step_hooks import NO_HOOKS, add_hook


class Saving:
    """The part of Optimizer that saves and loads its state."""

    defaults: dict[str, Any]
    param_groups: list[dict[str, Any]]
    state: defaultdict[Any, dict[str, Any]]  # by parameter
    _optimizer_state_dict_pre_hooks: Mapping = NO_HOOKS
    _optimizer_state_dict_post_hooks: Mapping = NO_HOOKS
    _optimizer_load_state_dict_pre_hooks: Mapping = NO_HOOKS
    _optimizer_load_state_dict_post_hooks: Mapping = NO_HOOKS

    def __getstate__(self):
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self._mytorch_layouts = {}

    def state_dict(self) -> dict:
        """``{"state": {index: {name: tensor}}, "param_groups": [{option: value, "params": [index, …]}]}``,
        torch's layout. Tensors are not copied.
        """
        for hook in self._optimizer_state_dict_pre_hooks.values():
            hook(self)
        indices: dict = {}
        groups, start = [], 0
        for group in self.param_groups:
            for i, p in enumerate(group["params"], start):
                indices.setdefault(p, i)
            start += len(group["params"])
            packed = {name: value for name, value in group.items() if name != "params"}
            groups.append(packed | {"params": [indices[p] for p in group["params"]]})
        state = {indices[key] if isinstance(key, Tensor) else key: value for key, value in self.state.items()}
        result = {"state": state, "param_groups": groups}
        for hook in self._optimizer_state_dict_post_hooks.values():
            result = hook(self, result) or result
        return result

    def load_state_dict(self, state_dict) -> None:
        """Load a copy of a ``state_dict``, this package's or torch's.

        ValueError if its groups do not match.
        """
        state_dict = dict(state_dict)
        for hook in self._optimizer_load_state_dict_pre_hooks.values():
            state_dict = hook(self, state_dict) or state_dict
        saved = copy.deepcopy(state_dict["param_groups"])
        if len(saved) != len(self.param_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if any(len(new["params"]) != len(old["params"]) for new, old in zip(saved, self.param_groups)):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of "
                "optimizer's group"
            )
        params: dict = {}
        state: defaultdict = defaultdict(dict)
        for new, old in zip(saved, self.param_groups):
            params |= zip(new["params"], old["params"])
        for key, value in state_dict["state"].items():
            if key in params:
                p = params[key]
                state[p] = {name: self.__loaded(p, name, v) for name, v in value.items()}
            else:
                state[key] = value
        for new, old in zip(saved, self.param_groups):
            new["params"] = old["params"]
            if "param_names" in old:
                new.setdefault("param_names", old["param_names"])
            for name, default in self.defaults.items():
                new.setdefault(name, default)
        self.__setstate__({"state": state, "param_groups": saved})
        for hook in self._optimizer_load_state_dict_post_hooks.values():
            hook(self)

    def __loaded(self, p, name, value):
        """A copy of one value of the state of ``p``. Arrays take the parameter's dtype and device; the step
        count keeps its own dtype.
        """
        if isinstance(value, Mapping):
            return {key: self.__loaded(p, key, v) for key, v in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self.__loaded(p, None, v) for v in value)
        if name in self.__scalars__ and isinstance(value, (int, float)):
            value = numpy.array(value, "float32")
        if isinstance(value, Tensor):
            array = value.array
        elif is_array(value):
            array = value
        elif hasattr(value, "__array__"):  # such as a tensor of torch
            array = numpy.asarray(value)
        else:
            return value
        if name == "step":
            return wrap(move(array, "cpu", copy=True))
        array = move(array, "cpu" if name in self.__scalars__ else device_of(p.array), copy=True)
        return wrap(as_array(array.astype(p.array.dtype, copy=False)))

    def register_state_dict_pre_hook(self, hook, prepend=False):
        """Call ``hook(optimizer)`` before ``state_dict``; with ``prepend`` before the other hooks."""
        return add_hook(self, "_optimizer_state_dict_pre_hooks", hook, prepend)

    def register_state_dict_post_hook(self, hook, prepend=False):
        """Call ``hook(optimizer, state_dict)`` after ``state_dict``. If it returns something, that is the
        result. ``prepend``: before the hooks that are there.
        """
        return add_hook(self, "_optimizer_state_dict_post_hooks", hook, prepend)

    def register_load_state_dict_pre_hook(self, hook, prepend=False):
        """Call ``hook(optimizer, state_dict)`` before loading. If it returns something, that is loaded.

        ``prepend``: before the hooks that are there.
        """
        return add_hook(self, "_optimizer_load_state_dict_pre_hooks", hook, prepend)

    def register_load_state_dict_post_hook(self, hook, prepend=False):
        """Call ``hook(optimizer)`` after loading; with ``prepend`` before the hooks that are there."""
        return add_hook(self, "_optimizer_load_state_dict_post_hooks", hook, prepend)
