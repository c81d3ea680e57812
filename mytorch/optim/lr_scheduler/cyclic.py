"""Schedules in which the learning rate rises and falls, and the momentum does the opposite."""

from __future__ import annotations

import math

from .base import LRScheduler, check_optimizer, current_rates, function_state, per_group, set_value


class _Momentum(LRScheduler):
    """A schedule that may also set each group's ``momentum``, or the first of its ``betas``."""

    def _start_momentum(self, lowest, highest, last_epoch):
        """Find out which of the two the optimizer has, and start at the highest value. Returns the lowest
        and highest of each group. ValueError if it has neither.
        """
        optimizer = self.optimizer
        if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
            raise ValueError("optimizer must support momentum or beta1 with `cycle_momentum` option enabled")
        self.use_beta1 = "betas" in optimizer.defaults
        lowest = per_group("base_momentum", optimizer, lowest)
        highest = per_group("max_momentum", optimizer, highest)
        if last_epoch == -1:
            for group, low, high in zip(optimizer.param_groups, lowest, highest):
                self._set_momentum(group, high)
                group["max_momentum"], group["base_momentum"] = high, low
        return lowest, highest

    def _set_momentum(self, group, value):
        if self.use_beta1:
            group["betas"] = (value, *group["betas"][1:])
        else:
            group["momentum"] = value


class CyclicLR(_Momentum):
    """Up from ``base_lr`` to ``max_lr`` in ``step_size_up`` steps, down in ``step_size_down``, and again
    (Smith, 2017).

    ``mode``: ``triangular`` keeps the height, ``triangular2`` halves it every cycle, ``exp_range`` scales it
    by gamma^step. ``scale_fn`` scales it by a function of the cycle or of the step (``scale_mode`` ``cycle``
    or ``iterations``). The momentum falls while the learning rate rises. ValueError for an unknown mode.

    Args:
        base_lr (float or list of float): the smallest rate, one or one per group
        max_lr (float or list of float): the largest rate, one or one per group
        step_size_up (int): how many steps the rise takes
        step_size_down (int): how many steps the fall takes; None is ``step_size_up``
        mode (str): ``"triangular"``, ``"triangular2"`` or ``"exp_range"``
        gamma (float): the factor of a step in the mode ``"exp_range"``
        scale_fn (callable): the height as a function of the cycle or step; None for that of the mode
        scale_mode (str): ``"cycle"`` or ``"iterations"``: what ``scale_fn`` is a function of
        cycle_momentum (bool): whether the momentum falls while the rate rises
        base_momentum (float or list of float): the smallest momentum
        max_momentum (float or list of float): the largest momentum

    Example:
        >>> optimizer = optim.SGD([nn.Parameter(mytorch.zeros(1))], lr=1.0)
        >>> lrs = {"base_lr": 0.1, "max_lr": 1.0}
        >>> schedule = optim.lr_scheduler.CyclicLR(optimizer, **lrs, step_size_up=3, cycle_momentum=False)
        >>> for _ in range(3):
        ...     optimizer.step()
        ...     schedule.step()
        >>> schedule.get_last_lr()
        [1.0]
    """

    def __init__(
        self,
        optimizer,
        base_lr,
        max_lr,
        step_size_up=2000,
        step_size_down=None,
        mode="triangular",
        gamma=1.0,
        scale_fn=None,
        scale_mode="cycle",
        cycle_momentum=True,
        base_momentum=0.8,
        max_momentum=0.9,
        last_epoch=-1,
    ):
        check_optimizer(optimizer)
        self.optimizer = optimizer
        base_lrs = per_group("base_lr", optimizer, base_lr)
        if last_epoch == -1:
            for lr, group in zip(base_lrs, optimizer.param_groups):
                set_value(group, "lr", lr)
        self.max_lrs = per_group("max_lr", optimizer, max_lr)
        up = float(step_size_up)
        self.total_size = up + (up if step_size_down is None else float(step_size_down))
        self.step_ratio = up / self.total_size
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError("mode is invalid and scale_fn is None")
        self.mode, self.gamma, self._scale_fn_custom = mode, gamma, scale_fn
        if scale_fn is None:
            scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.scale_mode = scale_mode
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.base_momentums, self.max_momentums = self._start_momentum(
                base_momentum, max_momentum, last_epoch
            )
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x):
        """The height of cycle (or at step) ``x``, relative to the first."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "exp_range":
            return self.gamma**x
        return 1.0 if self.mode == "triangular" else 1 / 2.0 ** (x - 1)

    def get_lr(self):
        current_rates(self)
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            for group, low, high in zip(self.optimizer.param_groups, self.base_momentums, self.max_momentums):
                self._set_momentum(group, high - (high - low) * height * scale)
        return [low + (high - low) * height * scale for low, high in zip(self.base_lrs, self.max_lrs)]

    def state_dict(self):
        """As in :class:`LRScheduler`; of ``scale_fn`` only the attributes of a callable object."""
        function = self._scale_fn_custom
        return super().state_dict() | {
            "_scale_fn_custom": None if function is None else function_state(function)
        }

    def load_state_dict(self, state_dict):
        """As in :class:`LRScheduler`; ``scale_fn`` stays."""
        function = self._scale_fn_custom
        super().load_state_dict(state_dict)
        self._scale_fn_custom = function
        if state_dict["_scale_fn_custom"] is not None:
            function.__dict__.update(state_dict["_scale_fn_custom"])


class OneCycleLR(_Momentum):
    """One cycle: up from max_lr / div_factor to ``max_lr``, then down to the start / final_div_factor (Smith
    and Topin, 2018).

    The rise takes the fraction ``pct_start`` of all steps. With ``three_phase`` the fall has two phases, to
    the start and then to the end. ``anneal_strategy``: ``cos`` or ``linear``. The momentum falls while the
    learning rate rises. ValueError for bad values and for a step past the last.

    Args:
        max_lr (float or list of float): the largest rate, one or one per group
        total_steps (int): how many steps the cycle has; None is ``epochs`` · ``steps_per_epoch``
        epochs (int): how many epochs the training has
        steps_per_epoch (int): how many steps an epoch has
        pct_start (float): the part of the steps in which the rate rises
        anneal_strategy (str): ``"cos"`` or ``"linear"``
        cycle_momentum (bool): whether the momentum falls while the rate rises
        base_momentum (float or list of float): the smallest momentum
        max_momentum (float or list of float): the largest momentum
        div_factor (float): the largest rate over that of the start
        final_div_factor (float): the rate of the start over that of the end
        three_phase (bool): whether the fall has two phases

    Example:
        >>> optimizer = optim.SGD([nn.Parameter(mytorch.zeros(1))], lr=1.0, momentum=0.9)
        >>> schedule = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=4)
        >>> for _ in range(3):
        ...     optimizer.step()
        ...     schedule.step()
        >>> schedule.get_last_lr()
        [4e-06]
    """

    def __init__(
        self,
        optimizer,
        max_lr,
        total_steps=None,
        epochs=None,
        steps_per_epoch=None,
        pct_start=0.3,
        anneal_strategy="cos",
        cycle_momentum=True,
        base_momentum=0.85,
        max_momentum=0.95,
        div_factor=25.0,
        final_div_factor=1e4,
        three_phase=False,
        last_epoch=-1,
    ):
        check_optimizer(optimizer)
        self.optimizer = optimizer
        self.total_steps = _total_steps(total_steps, epochs, steps_per_epoch)
        if not isinstance(pct_start, float) or not 0 <= pct_start <= 1:
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        self._anneal_func_type = anneal_strategy
        self._schedule_phases = _phases(self.total_steps, pct_start, three_phase)
        if last_epoch == -1:
            for group, highest in zip(optimizer.param_groups, per_group("max_lr", optimizer, max_lr)):
                group["initial_lr"] = highest / div_factor
                group["max_lr"] = highest
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._start_momentum(base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def _anneal(self, start, end, part):
        if self._anneal_func_type == "linear":
            return (end - start) * part + start
        return end + (start - end) / 2.0 * (math.cos(math.pi * part) + 1)

    def get_lr(self):
        current_rates(self)
        n, start = self.last_epoch, 0.0
        if n > self.total_steps:
            raise ValueError(
                f"Tried to step {n} times. The specified number of total steps is {self.total_steps}"
            )
        for phase in self._schedule_phases:
            if n <= phase["end_step"] or phase is self._schedule_phases[-1]:
                break
            start = phase["end_step"]
        part = (n - start) / (phase["end_step"] - start)
        if self.cycle_momentum:
            for group in self.optimizer.param_groups:
                momentum = self._anneal(group[phase["start_momentum"]], group[phase["end_momentum"]], part)
                self._set_momentum(group, momentum)
        return [
            self._anneal(group[phase["start_lr"]], group[phase["end_lr"]], part)
            for group in self.optimizer.param_groups
        ]


def _total_steps(total_steps, epochs, steps_per_epoch):
    """The number of all steps. ValueError unless it is given, by positive ints."""
    if total_steps is not None:
        counts = {"total_steps": total_steps}
    else:
        counts = {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
    if None in counts.values():
        raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    for name, count in counts.items():
        if count <= 0 or not isinstance(count, int):
            raise ValueError(f"Expected positive integer {name}, but got {count}")
    return math.prod(counts.values())


def _phases(total_steps, pct_start, three_phase):
    """The phases in torch's form: a dict each, of its last step and the options between which it anneals."""
    last = total_steps - 1
    up_end = float(pct_start * total_steps) - 1
    phases = [(up_end, "initial_lr", "max_lr", "max_momentum", "base_momentum")]
    if three_phase:
        down_end = float(2 * pct_start * total_steps) - 2
        phases.append((down_end, "max_lr", "initial_lr", "base_momentum", "max_momentum"))
        phases.append((last, "initial_lr", "min_lr", "max_momentum", "max_momentum"))
    else:
        phases.append((last, "max_lr", "min_lr", "base_momentum", "max_momentum"))
    names = ("end_step", "start_lr", "end_lr", "start_momentum", "end_momentum")
    return [dict(zip(names, phase)) for phase in phases]
