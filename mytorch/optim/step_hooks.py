"""Hooks around ``step``: of one optimizer, and of all of them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType

from ..tensors.tensor import RemovableHandle

NO_HOOKS: Mapping = MappingProxyType({})


class _EveryOptimizer:
    """The hooks of all optimizers."""

    pre: dict = {}
    post: dict = {}


def hooked(step):
    """``step`` between the hooks registered for it."""

    @functools.wraps(step)
    def wrapper(self, *args, **kwargs):
        if self._opt_called is False:
            self._opt_called = True
        if self._mytorch_inside or not (
            self._optimizer_step_pre_hooks
            or self._optimizer_step_post_hooks
            or _EveryOptimizer.pre
            or _EveryOptimizer.post
        ):
            return step(self, *args, **kwargs)
        self._mytorch_inside = True  # a step that calls super().step() is one step
        try:
            for hook in (*_EveryOptimizer.pre.values(), *self._optimizer_step_pre_hooks.values()):
                args, kwargs = _run_pre_hook(hook, step, self, args, kwargs)
            out = step(self, *args, **kwargs)
            for hook in (*self._optimizer_step_post_hooks.values(), *_EveryOptimizer.post.values()):
                hook(self, (self, *args), kwargs)
            return out
        finally:
            self._mytorch_inside = False

    return wrapper


def _run_pre_hook(hook, step, optimizer, args, kwargs):
    """The arguments for ``step``: those that the hook returns, or ``args`` and ``kwargs``."""
    result = hook(optimizer, (optimizer, *args), kwargs)
    if result is None:
        return args, kwargs
    if not isinstance(result, tuple) or len(result) != 2:
        raise RuntimeError(
            f"{step.__qualname__} must return None or a tuple of (new_args, new_kwargs), but got {result}."
        )
    (_, *args), kwargs = result
    return args, kwargs


class StepHooks:
    """The part of Optimizer that registers hooks of its step."""

    # an optimizer gets dicts of its own with its first hook, so a subclass need not call __init__
    _optimizer_step_pre_hooks: Mapping = NO_HOOKS
    _optimizer_step_post_hooks: Mapping = NO_HOOKS
    _mytorch_inside = False  # whether its step is running
    # a schedule sets it to False and a step to True: so the schedule knows whether a step came first
    _opt_called: bool | None = None

    def register_step_pre_hook(self, hook):
        """Call ``hook(optimizer, args, kwargs)`` before each step; it may return new (args, kwargs). Returns
        a handle with ``remove()``.
        """
        return add_hook(self, "_optimizer_step_pre_hooks", hook)

    def register_step_post_hook(self, hook):
        """Call ``hook(optimizer, args, kwargs)`` after each step. Returns a handle with ``remove()``."""
        return add_hook(self, "_optimizer_step_post_hooks", hook)


def add_hook(optimizer, kind, hook, prepend=False):
    """Add ``hook`` to the optimizer's dict ``kind``, at its front with ``prepend``; returns a handle."""
    hooks = vars(optimizer).setdefault(kind, {})
    handle = RemovableHandle.add(optimizer, kind, hook)
    if prepend:
        others = {key: hooks.pop(key) for key in list(hooks) if key != handle.id}
        hooks.update(others)
    return handle


def register_optimizer_step_pre_hook(hook):
    """Call ``hook(optimizer, args, kwargs)`` before each step of every optimizer. Returns a handle with
    ``remove()``.
    """
    return RemovableHandle.add(_EveryOptimizer, "pre", hook)


def register_optimizer_step_post_hook(hook):
    """Call ``hook(optimizer, args, kwargs)`` after each step of every optimizer. Returns a handle with
    ``remove()``.
    """
    return RemovableHandle.add(_EveryOptimizer, "post", hook)
