"""Parameter groups: which parameters are updated, and with which options."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import chain
from numbers import Real
from typing import Any

from ..tensors.tensor import Tensor


class _Required:
    """The default of an option that every parameter group has to give."""

    def __repr__(self):
        return "<required parameter>"


required = _Required()

_USED_UP = (
    ": a generator such as model.parameters() gives its parameters once, and this one may be used up; call "
    "parameters() again, or keep a list"
)


def as_groups(params):
    """``params`` as a list of dicts. ValueError if there are none, TypeError for a single tensor."""
    if isinstance(params, Tensor):
        raise TypeError(
            "params argument given to the optimizer should be an iterable of Tensors or dicts, "
            f"but got {type(params).__name__}"
        )
    groups = list(params.parameters() if _is_module(params) else params)
    if not groups:
        hint = _USED_UP if isinstance(params, Iterator) else ""
        raise ValueError("optimizer got an empty parameter list" + hint)
    return groups if isinstance(groups[0], dict) else [{"params": groups}]


def _is_module(params):
    return callable(getattr(params, "parameters", None))


class ParameterGroups:
    """The part of Optimizer that holds the parameter groups."""

    defaults: dict[str, Any]
    param_groups: list[dict[str, Any]]

    def add_param_group(self, param_group) -> None:
        """Add ``param_group``, {"params": …, option: value, …}; the optimizer's defaults fill it up.

        ValueError for a non-leaf, or a parameter that is in a group already; TypeError for what is not a
        tensor.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        _set_params(param_group)
        _check_params(param_group["params"])
        self.__fill_options(param_group)
        params = param_group["params"]
        if len(params) != len(set(params)):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this will "
                "cause an error",
                stacklevel=3,
            )
        self.__check_beside_others(param_group)
        self.param_groups.append(param_group)

    def __fill_options(self, param_group):
        """Set the options that the group leaves out to the defaults, and check all."""
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(
                    f"parameter group didn't specify a value of required optimization parameter {name}"
                )
            value = param_group.setdefault(name, default)
            if isinstance(value, str) and isinstance(default, Real):
                raise TypeError(f"{name} must be a number, not str {value!r}")
            if isinstance(value, Tensor) and name != "lr":
                param_group[name] = value.item()
        for option in ("differentiable", "capturable"):
            if param_group.get(option):
                raise NotImplementedError(
                    f"{type(self).__name__}: {option}=True is not supported; leave it False"
                )

    def __check_beside_others(self, param_group):
        """ValueError if only some groups have names, or a parameter is in another group."""
        named = "param_names" in param_group
        for group in self.param_groups:
            if named != ("param_names" in group):
                how = "with names" if named else "without names"
                raise ValueError(
                    "all optimizer param groups should be with/without names. cannot add param group "
                    f"{how} to the optimizer"
                )
        others = chain.from_iterable(group["params"] for group in self.param_groups)
        if not set(param_group["params"]).isdisjoint(others):
            raise ValueError("some parameters appear in more than one parameter group")

    def __repr__(self):
        text = f"{type(self).__name__} ("
        for i, group in enumerate(self.param_groups):
            text += f"\nParameter Group {i}\n" + "".join(
                f"    {key}: {group[key]}\n" for key in sorted(group) if key != "params"
            )
        return text + ")"


def _set_params(param_group):
    """Make ``param_group["params"]`` a list of parameters; names go to ``param_group["param_names"]``."""
    params = param_group["params"]
    if isinstance(params, set):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but the ordering of "
            "tensors in sets will change between runs. Please use a list instead."
        )
    if _is_module(params):
        params = params.parameters()
    params = [params] if isinstance(params, Tensor) else list(params)
    names = [p[0] for p in params if isinstance(p, tuple)]
    param_group["params"] = [p[1] if isinstance(p, tuple) else p for p in params]
    if names:
        if len(names) != len(params):
            raise ValueError(
                "all optimizer params should be with/without names. Some param names are missing"
            )
        param_group["param_names"] = names


def _check_params(params):
    for p in params:
        if not isinstance(p, Tensor):
            raise TypeError(
                f"optimizer can only optimize Tensors, but one of the params is {type(p).__name__}"
            )
        if not (p.is_leaf or p.retains_grad):
            raise ValueError("can't optimize a non-leaf Tensor")
