"""What all schedules share: the count of steps, the groups' learning rates, saving."""

from __future__ import annotations

import types
import warnings
from contextlib import contextmanager

from ...tensors.tensor import Tensor
from ..optimizer import Optimizer

EPOCH_WARNING = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible. "
    "Please use `scheduler.step()` to step the scheduler. During the deprecation, if epoch is different from "
    "None, the closed form is used instead of the new chainable form, where available."
)
ORDER_WARNING = (
    "Detected call of `lr_scheduler.step()` before `optimizer.step()`. You should call them in the opposite "
    "order: `optimizer.step()` before `lr_scheduler.step()`.  Failure to do this skips the first value of "
    "the learning rate schedule."
)
OVERRIDDEN_WARNING = (
    "Seems like `optimizer.step()` has been overridden after learning rate scheduler initialization. "
    "Please, make sure to call `optimizer.step()` before `lr_scheduler.step()`."
)


def values(optimizer, key):
    """``group[key]`` of every group; a tensor is copied."""
    return [
        group[key].clone() if isinstance(group[key], Tensor) else group[key]
        for group in optimizer.param_groups
    ]


def set_value(group, key, value):
    """``group[key] = value``, in place if it is a tensor."""
    if isinstance(group[key], Tensor):
        group[key].fill_(float(value))
    else:
        group[key] = value


def per_group(name, optimizer, value):
    """``value``, one number or one for each group, as a list. ValueError if the lengths differ."""
    n = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [value] * n
    if len(value) != n:
        lengths = f"{name} has {len(value)} values, param_groups has {n}."
        raise ValueError(f"{name} must have the same length as optimizer.param_groups. {lengths}")
    return list(value)


def check_optimizer(optimizer):
    """TypeError unless it is one."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")


class LRScheduler:
    """Base class. ``step()`` increments ``last_epoch`` and sets the groups' learning rates to ``get_lr()``.

    ``base_lrs`` are the learning rates at the start, kept in the groups as ``initial_lr``. ``last_epoch=-1``
    is a new start; another value resumes there (KeyError if the optimizer's groups have no ``initial_lr``).
    TypeError unless ``optimizer`` is an Optimizer.

    Example:
        >>> class Halving(optim.lr_scheduler.LRScheduler):
        ...     def get_lr(self):
        ...         return [lr * 0.5**self.last_epoch for lr in self.base_lrs]
        >>> optimizer = optim.SGD([nn.Parameter(mytorch.zeros(1))], lr=1.0)
        >>> schedule = Halving(optimizer)
        >>> for _ in range(3):
        ...     optimizer.step()
        ...     schedule.step()
        >>> schedule.get_last_lr()
        [0.125]
    """

    _get_lr_called_within_step = _is_initial = False

    def __init__(self, optimizer, last_epoch=-1):
        check_optimizer(optimizer)
        self.optimizer = optimizer
        for i, (group, lr) in enumerate(zip(optimizer.param_groups, values(optimizer, "lr"))):
            if last_epoch == -1:
                group.setdefault("initial_lr", lr)
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{i}] when resuming scheduler "
                    "with last_epoch >= 0: load the optimizer's state first"
                )
        self.base_lrs = values(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        if optimizer._opt_called is None:
            optimizer._opt_called = False
        self._initial_step()

    def _initial_step(self):
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_lr(self):
        """The learning rate of every group at ``last_epoch``. For ``step`` only: use :meth:`get_last_lr`."""
        raise NotImplementedError

    def get_last_lr(self):
        """The learning rates that were set last, one per group."""
        return self._last_lr

    def step(self, epoch=None):
        """Advance by one step, or to ``epoch`` (deprecated). Call it after ``optimizer.step()``."""
        if self._step_count == 1 and self.optimizer._opt_called is False:
            if "step" in vars(self.optimizer):
                warnings.warn(OVERRIDDEN_WARNING, UserWarning, stacklevel=2)
            else:
                warnings.warn(ORDER_WARNING, UserWarning, stacklevel=2)
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH_WARNING, UserWarning, stacklevel=2)
        self._update_lr(epoch)

    def _update_lr(self, epoch=None):
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        closed = None if epoch is None else getattr(self, "_get_closed_form_lr", None)
        with within_step(self):
            rates = self.get_lr() if closed is None else closed()
        set_rates(self, rates)

    def state_dict(self):
        """All attributes but the optimizer."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict):
        """Restore what ``state_dict`` returned, this package's or torch's."""
        self.__dict__.update(state_dict)


def set_rates(scheduler, rates):
    """Set the learning rate of each group. ValueError unless there is one rate per group."""
    if len(rates) != len(scheduler.optimizer.param_groups):
        raise ValueError(
            f"{type(scheduler).__name__} was made for {len(rates)} parameter group(s), but the optimizer has "
            f"{len(scheduler.optimizer.param_groups)}: make it anew after add_param_group"
        )
    for group, lr in zip(scheduler.optimizer.param_groups, rates):
        set_value(group, "lr", lr)
    scheduler._last_lr = values(scheduler.optimizer, "lr")


@contextmanager
def within_step(scheduler):
    """A context in which ``get_lr`` does not warn."""
    scheduler._get_lr_called_within_step = True
    try:
        yield
    finally:
        scheduler._get_lr_called_within_step = False


def current_rates(scheduler):
    """The groups' current learning rates, for ``get_lr``. Warns if that was not called by a step."""
    if not scheduler._get_lr_called_within_step:
        text = "To get the last learning rate computed by the scheduler, please use `get_last_lr()`."
        warnings.warn(text, UserWarning, stacklevel=3)
    return values(scheduler.optimizer, "lr")


def function_state(function):
    """What is saved of a user's function: the attributes of a callable object, or None for a function."""
    return None if isinstance(function, types.FunctionType) else function.__dict__.copy()
