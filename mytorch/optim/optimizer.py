"""The base class of optimizers. An algorithm adds what it keeps of each parameter, and one update.

Parameter groups are in ``parameter_groups.py``, saving in ``saving.py``, hooks in ``step_hooks.py``. How the
parameters lie in memory during an update is in ``blocks.py``.
"""

from __future__ import annotations

from collections import defaultdict

import numpy

from ..core.arrays import QUIET, float_errors, xp
from ..core.dtypes import default_numpy
from ..core.grad_mode import enable_grad, no_grad
from ..core.graph import changed, wrap
from ..kernels.threads import parallel_for
from .blocks import THREADED, Layout, scratch
from .parameter_groups import ParameterGroups, as_groups
from .parameter_groups import required as required
from .saving import Saving
from .step_hooks import StepHooks, hooked
from .step_hooks import register_optimizer_step_post_hook as register_optimizer_step_post_hook
from .step_hooks import register_optimizer_step_pre_hook as register_optimizer_step_pre_hook


class Optimizer(ParameterGroups, Saving, StepHooks):
    """Base class. ``params`` are tensors, (name, tensor) pairs, dicts (groups with options of their own), or
    a module.

    An algorithm is three methods: ``__kept__`` names what is kept of each parameter, ``__begin__`` computes
    the numbers of a step, ``__update__`` changes flat arrays in place. Their names have underscores so that
    a user's subclass may have an ``update`` of its own. ValueError for an empty parameter list, a non-leaf, a
    parameter in two groups; TypeError for parameters that are not tensors.

    Args:
        defaults (dict): the options of groups that do not say otherwise

    Example:
        >>> optimizer = optim.SGD(nn.Linear(2, 1).named_parameters(), lr=0.1)
        >>> optimizer.param_groups[0]["param_names"]
        ['weight', 'bias']
    """

    __scalars__: tuple = ("step",)  # the names in ``__kept__`` that are one number per parameter

    def __kept__(self, group):
        """Name -> initial value of what is kept of each parameter: averages of gradients, the step count."""
        return {}

    def __begin__(self, group, step, scalars):
        """The numbers of update number ``step`` (from 1), passed to ``__update__`` as ``now``.

        ``scalars``: name -> array with one number per parameter, all equal; may be changed in place.
        """
        raise NotImplementedError

    def __update__(self, p, g, state, now, t, u):
        """Change ``p`` and the arrays in ``state`` in place; all arrays are flat.

        ``g`` is the gradient, only to be read. ``t`` and ``u`` are scratch arrays. ``now`` is what
        ``__begin__`` returned.
        """
        raise NotImplementedError

    def __sparse__(self, p, g, group):
        """What is left to do of the sparse gradient ``g``: a dense one, or None if ``p`` was updated.

        RuntimeError for algorithms that take none.
        """
        raise RuntimeError(f"{type(self).__name__} does not support sparse gradients")

    def __init__(self, params, defaults):
        self.__setstate__({"defaults": defaults, "state": defaultdict(dict), "param_groups": []})
        if defaults.get("foreach") and defaults.get("fused"):
            raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
        for group in as_groups(params):
            self.add_param_group(group)

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = hooked(cls.step)

    @hooked
    def step(self, closure=None):
        """Update every parameter that has a gradient.

        ``closure``, if given, computes the loss anew, which is returned.
        """
        loss = evaluated(closure)
        jobs, size, shared = [], 0, False
        for index, group in enumerate(self.param_groups):
            params, grads = [], []
            for p in group["params"]:
                if (g := p.grad) is not None and g.is_sparse:
                    g = self.__sparse__(p, g, group)
                if g is not None:
                    params.append(p)
                    grads.append(g.array)
            if not params:
                continue
            layout = self.__layout(index, group, params)
            for batch in layout.batches:
                batch.now = self.__begin__(group, batch.advance(), batch.scalars)
            jobs += [(block, grads, group) for block in layout.blocks]
            size, shared = size + layout.size, shared or layout.shared
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

    def __layout(self, index, group, params):
        """How these parameters are laid out: as last time, unless something has changed."""
        arrays, slots = [p.array for p in params], self.__kept__(group)
        layouts = vars(self).setdefault("_mytorch_layouts", {})
        layout = layouts.get(index)
        if layout is None or not layout.holds(params, arrays, self.state, tuple(slots)):
            fresh = [self._mytorch_init_state(p, slots) for p in params]
            states = [self.state[p] for p in params] if slots else [{} for _ in params]
            scalars = tuple(name for name in slots if name in self.__scalars__)
            layout = layouts[index] = Layout(arrays, states, tuple(slots), scalars, fresh)
        return layout

    def _mytorch_init_state(self, p, slots):
        """Give ``p`` the state that it lacks; returns whether it lacked any."""
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
        if p.dtype.kind == "c":  # real and imaginary part are updated as two real numbers
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
        """Drop the gradients of all parameters, or unless ``set_to_none`` fill them with zeros."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p.grad = None
                elif p.grad is not None:
                    with no_grad():
                        p.grad.detach_().zero_()


def evaluated(closure):
    """The loss that ``closure`` computes, with gradients recorded; None without a closure."""
    if closure is None:
        return None
    with enable_grad():
        return closure()
