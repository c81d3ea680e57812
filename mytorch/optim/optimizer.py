"""The base of all optimizers: parameter groups, state, hooks, ``step``. An algorithm adds what it keeps and
one update.
"""

from __future__ import annotations

import copy
import functools
import inspect
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from numbers import Real
from types import MappingProxyType
from typing import Any

import numpy

from ..core.arrays import QUIET, as_array, device_of, float_errors, is_array, move, xp
from ..core.dtypes import default_numpy
from ..core.grad_mode import enable_grad, no_grad
from ..core.graph import changed, wrap
from ..kernels.threads import parallel_for
from ..tensors.tensor import RemovableHandle, Tensor
from .blocks import THREADED, Plan, scratch


class _Required:
    """The default of an option that every parameter group has to give."""

    def __repr__(self):
        return "<required parameter>"


required = _Required()
_global_pre_hooks: dict = {}
_global_post_hooks: dict = {}


def check(holds, what, value):
    """ValueError in torch's words unless ``holds``."""
    if not holds:
        raise ValueError(f"Invalid {what}: {value}")


def check_lr(lr):
    """ValueError for a negative learning rate or a tensor of several."""
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError("Tensor lr must be 1-element")
    check(lr >= 0, "learning rate", lr)


_USED_UP = (
    ": a generator such as model.parameters() gives its parameters once, and this one may be used up; call "
    "parameters() again, or keep a list"
)


def _check_number(name, value):
    if not isinstance(value, (Real, Tensor)):
        raise TypeError(f"{name} must be a number, not {type(value).__name__} {value!r:.40}")


def _check_numbers(name, values, defaults):
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise TypeError(f"{name} must be {len(defaults)} numbers, not {type(values).__name__} {values!r:.40}")
    if len(values) != len(defaults):
        raise ValueError(f"{name} must be {len(defaults)} numbers, not {len(values)}")
    for i, (value, default) in enumerate(zip(values, defaults)):
        if value is not None or default is not None:
            _check_number(f"{name}[{i}]", value)


def numbers_checked(init):
    """Let a constructor refuse what is no number, for the arguments whose defaults are numbers: a TypeError
    that names the argument.
    """
    signature = inspect.signature(init)
    defaults = {
        p.name: p.default for p in signature.parameters.values() if type(p.default) in (int, float, tuple)
    }

    @functools.wraps(init)
    def checked(*args, **kwargs):
        for name, value in signature.bind(*args, **kwargs).arguments.items():
            if type(defaults.get(name)) is tuple:
                _check_numbers(name, value, defaults[name])
            elif name in defaults:
                _check_number(name, value)
        return init(*args, **kwargs)

    return checked


def hooked(step):
    """``step`` between the hooks registered for it."""

    @functools.wraps(step)
    def wrapper(self, *args, **kwargs):
        if self._opt_called is False:
            self._opt_called = True
        if self._mytorch_inside or not (
            self._optimizer_step_pre_hooks
            or self._optimizer_step_post_hooks
            or _global_pre_hooks
            or _global_post_hooks
        ):
            return step(self, *args, **kwargs)
        self._mytorch_inside = True  # a step that calls super().step() is one step
        try:
            for hook in (*_global_pre_hooks.values(), *self._optimizer_step_pre_hooks.values()):
                result = hook(self, (self, *args), kwargs)
                if isinstance(result, tuple) and len(result) == 2:
                    (_, *args), kwargs = result
                elif result is not None:
                    raise RuntimeError(
                        f"{step.__qualname__} must return None or a tuple of (new_args, new_kwargs), "
                        f"but got {result}."
                    )
            out = step(self, *args, **kwargs)
            for hook in (*self._optimizer_step_post_hooks.values(), *_global_post_hooks.values()):
                hook(self, (self, *args), kwargs)
            return out
        finally:
            self._mytorch_inside = False

    return wrapper


class Optimizer:
    """Base class. ``params`` are tensors, (name, tensor) pairs, dicts (groups with options of their own), or
    a module.

    An algorithm says what it keeps of each parameter in ``__kept__`` and writes its update once, on flat
    arrays, in ``__update__``; ``__begin__`` works out the numbers that are the same for all elements. (A
    subclass of a user's may name its own methods as it likes.) ValueError for an empty parameter list, a
    non-leaf, a parameter in two groups; TypeError for what is not a tensor.
    """

    defaults: dict[str, Any]
    param_groups: list[dict[str, Any]]
    state: defaultdict[Any, dict[str, Any]]  # by parameter
    # Hooks are kept in dicts of the optimizer's own once there are any; so a subclass need not call __init__.
    _optimizer_step_pre_hooks: Mapping = MappingProxyType({})
    _optimizer_step_post_hooks: Mapping = MappingProxyType({})
    _optimizer_state_dict_pre_hooks: Mapping = MappingProxyType({})
    _optimizer_state_dict_post_hooks: Mapping = MappingProxyType({})
    _optimizer_load_state_dict_pre_hooks: Mapping = MappingProxyType({})
    _optimizer_load_state_dict_post_hooks: Mapping = MappingProxyType({})
    _mytorch_inside = False  # whether its step runs
    # set to False by a schedule, and then to True by a step: so it sees that it is called after one
    _opt_called: bool | None = None
    __scalars__: tuple = ("step",)  # those of ``__kept__`` that are one number per parameter

    def __kept__(self, group):
        """Name -> first value of what is kept of each parameter: the gradient's averages, the step count."""
        return {}

    def __begin__(self, group, step, scalars):
        """The numbers of update number ``step`` (from 1). ``scalars``:

        name -> array of equal numbers, one per parameter, to change in place.
        """
        raise NotImplementedError

    def __update__(self, p, g, state, now, t, u):
        """Change ``p`` and the arrays in ``state`` in place, all flat. ``now`` is from ``__begin__``;

        ``t`` and ``u`` are scratch; ``g`` is only read.
        """
        raise NotImplementedError

    def __init__(self, params, defaults):
        self.__setstate__({"defaults": defaults, "state": defaultdict(dict), "param_groups": []})
        if defaults.get("foreach") and defaults.get("fused"):
            raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, "
                f"but got {type(params).__name__}"
            )
        groups = list(params.parameters() if callable(getattr(params, "parameters", None)) else params)
        if not groups:
            raise ValueError(
                "optimizer got an empty parameter list" + (_USED_UP if isinstance(params, Iterator) else "")
            )
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = hooked(cls.step)

    # ---- one step --------------------------------------------------------------------------------

    @hooked
    def step(self, closure=None):
        """Update every parameter that has a gradient.

        ``closure``, if given, computes the loss anew, which is returned.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        jobs, size, shared = [], 0, False
        for index, group in enumerate(self.param_groups):
            params, grads = [], []
            for p in group["params"]:
                if (g := p.grad) is not None:
                    params.append(p)
                    grads.append(g.array)
            if not params:
                continue
            plan = self.__plan(index, group, params)
            for batch in plan.batches:
                batch.now = self.__begin__(group, batch.advance(), batch.scalars)
            jobs += [(block, grads, group) for block in plan.blocks]
            size, shared = size + plan.size, shared or plan.shared
            changed(*params)
        token = float_errors.set(QUIET)
        try:
            if size > THREADED and not shared:
                parallel_for(self.__run, jobs)
            else:
                for job in jobs:
                    self.__run(job)
        finally:
            float_errors.reset(token)
        return loss

    def __plan(self, index, group, params):
        """How these parameters are laid out: as last time unless something has changed."""
        arrays, slots = [p.array for p in params], self.__kept__(group)
        plans = vars(self).setdefault("_mytorch_plans", {})
        plan = plans.get(index)
        if plan is None or not plan.holds(params, arrays, self.state, tuple(slots)):
            fresh = [self._mytorch_init_state(p, slots) for p in params]
            states = [self.state[p] for p in params] if slots else [{} for _ in params]
            scalars = tuple(name for name in slots if name in self.__scalars__)
            plan = plans[index] = Plan(arrays, states, tuple(slots), scalars, fresh)
        return plan

    def _mytorch_init_state(self, p, slots):
        """Give ``p`` the state that it lacks; whether it lacked any."""
        lacking = [name for name in slots if self.state[p].get(name) is None]
        for name in lacking:
            if name in self.__scalars__:
                array = numpy.array(slots[name], "float64" if default_numpy() == "float64" else "float32")
            else:
                value = slots[name] * (1 + 1j if p.array.dtype.kind == "c" else 1)  # the same for both parts
                array = xp(p.array).full(p.array.shape, value, p.array.dtype)
            self.state[p][name] = wrap(array)
        return bool(lacking)

    def __run(self, job):
        """Update one block. Weight decay and ``maximize`` are the same in all algorithms and live here."""
        block, grads, group = job
        (p, g), state = block.gather(grads), block.state
        if p.dtype.kind == "c":  # the parts of a complex number are updated as two real ones
            p, g, *slots = (a.view(a.real.dtype) for a in (p, g, *state.values()))
            state = dict(zip(state, slots))
        t, u, changed_g = scratch.take(p)
        if group.get("maximize"):
            g = xp(g).negative(g, out=changed_g)
        if decay := group.get("weight_decay", 0):
            if group.get("decoupled_weight_decay", False):
                p *= 1 - float(group["lr"]) * decay
            else:
                g = xp(g).add(g, xp(p).multiply(p, decay, out=t), out=changed_g)
        self.__update__(p, g, state, block.batch.now, t, u)
        block.scatter()

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients of all parameters, or fill them with zeros."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p.grad = None
                elif p.grad is not None:
                    with no_grad():
                        p.grad.detach_().zero_()

    # ---- parameter groups ------------------------------------------------------------------------

    def add_param_group(self, param_group) -> None:
        """Add ``{"params": …, option: value, …}``; options left out take the optimizer's defaults. Errors as
        in the constructor.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the ordering of "
                "tensors in sets will change between runs. "
                "Please use a list instead."
            )
        if callable(getattr(params, "parameters", None)):
            params = params.parameters()
        params = [params] if isinstance(params, Tensor) else list(params)
        names = [p[0] for p in params if isinstance(p, tuple)]
        param_group["params"] = params = [p[1] if isinstance(p, tuple) else p for p in params]
        if names:
            if len(names) != len(params):
                raise ValueError(
                    "all optimizer params should be with/without names. Some param names are missing"
                )
            param_group["param_names"] = names
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError(
                    f"optimizer can only optimize Tensors, but one of the params is {type(p).__name__}"
                )
            if not (p.is_leaf or p.retains_grad):
                raise ValueError("can't optimize a non-leaf Tensor")
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
        if len(params) != len(set(params)):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this will "
                "cause an error",
                stacklevel=3,
            )
        for group in self.param_groups:
            if ("param_names" in param_group) != ("param_names" in group):
                how = "with names" if "param_names" in param_group else "without names"
                raise ValueError(
                    "all optimizer param groups should be with/without names. cannot add param group "
                    f"{how} to the optimizer"
                )
        if not set(params).isdisjoint(chain.from_iterable(group["params"] for group in self.param_groups)):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append(param_group)

    def __repr__(self):
        text = f"{type(self).__name__} ("
        for i, group in enumerate(self.param_groups):
            text += f"\nParameter Group {i}\n" + "".join(
                f"    {key}: {group[key]}\n" for key in sorted(group) if key != "params"
            )
        return text + ")"

    # ---- saving ----------------------------------------------------------------------------------

    def __getstate__(self):
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self._mytorch_plans = {}

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
        """Take over a copy of a ``state_dict``, this package's or torch's.

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
                state[params[key]] = {name: self.__taken(params[key], name, v) for name, v in value.items()}
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

    def __taken(self, p, name, value):
        """A copy of one loaded value; arrays take the dtype and device of their parameter, the step count
        keeps its own.
        """
        if isinstance(value, Mapping):
            return {key: self.__taken(p, key, v) for key, v in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self.__taken(p, None, v) for v in value)
        if name in self.__scalars__ and isinstance(value, (int, float)):
            value = numpy.array(value, "float32")
        if isinstance(value, Tensor):
            array = value.array
        elif is_array(value):
            array = value
        elif hasattr(value, "__array__"):  # torch's tensors among them
            array = numpy.asarray(value)
        else:
            return value
        if name == "step":
            return wrap(move(array, "cpu", copy=True))
        array = move(array, "cpu" if name in self.__scalars__ else device_of(p.array), copy=True)
        return wrap(as_array(array.astype(p.array.dtype, copy=False)))

    # ---- hooks -----------------------------------------------------------------------------------

    def register_step_pre_hook(self, hook):
        """Call ``hook(optimizer, args, kwargs)`` before each step; it may return new (args, kwargs). Returns
        a handle with ``remove()``.
        """
        return _add_hook(self, "_optimizer_step_pre_hooks", hook)

    def register_step_post_hook(self, hook):
        """Call ``hook(optimizer, args, kwargs)`` after each step."""
        return _add_hook(self, "_optimizer_step_post_hooks", hook)

    def register_state_dict_pre_hook(self, hook, prepend=False):
        """Call ``hook(optimizer)`` before ``state_dict``."""
        return _add_hook(self, "_optimizer_state_dict_pre_hooks", hook, prepend)

    def register_state_dict_post_hook(self, hook, prepend=False):
        """Call ``hook(optimizer, state_dict)`` after ``state_dict``; what it returns, if anything, replaces
        it.
        """
        return _add_hook(self, "_optimizer_state_dict_post_hooks", hook, prepend)

    def register_load_state_dict_pre_hook(self, hook, prepend=False):
        """Call ``hook(optimizer, state_dict)`` before loading; what it returns, if anything, is loaded
        instead.
        """
        return _add_hook(self, "_optimizer_load_state_dict_pre_hooks", hook, prepend)

    def register_load_state_dict_post_hook(self, hook, prepend=False):
        """Call ``hook(optimizer)`` after loading."""
        return _add_hook(self, "_optimizer_load_state_dict_post_hooks", hook, prepend)


def _add_hook(optimizer, kind, hook, prepend=False):
    hooks = vars(optimizer).setdefault(kind, {})
    handle = RemovableHandle.add(optimizer, kind, hook)
    if prepend:
        others = {key: hooks.pop(key) for key in list(hooks) if key != handle.id}
        hooks.update(others)
    return handle


class _Globals:
    pre, post = _global_pre_hooks, _global_post_hooks


def register_optimizer_step_pre_hook(hook):
    """Call ``hook(optimizer, args, kwargs)`` before each step of every optimizer."""
    return RemovableHandle.add(_Globals, "pre", hook)


def register_optimizer_step_post_hook(hook):
    """Call ``hook(optimizer, args, kwargs)`` after each step of every optimizer."""
    return RemovableHandle.add(_Globals, "post", hook)
