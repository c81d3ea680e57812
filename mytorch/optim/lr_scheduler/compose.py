"""Schedules made of schedules."""

from __future__ import annotations

from bisect import bisect_right

from .base import LRScheduler, set_value, values
from .plateau import ReduceLROnPlateau


class _Composed(LRScheduler):
    """Several schedules of one optimizer; saved and loaded together."""

    def _check(self, optimizer, schedulers):
        name = type(self).__name__
        for i, scheduler in enumerate(schedulers):
            if not hasattr(scheduler, "optimizer"):
                raise TypeError(f"{name} at index {i} should have `optimizer` as its attribute.")
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(
                    f"{name} does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs "
                    f"to be specified when calling `step`, but got one at index {i} in the given schedulers "
                    "sequence."
                )
            if optimizer is not scheduler.optimizer:
                raise ValueError(
                    f"{name} expects all schedulers to belong to the same optimizer, but got scheduler "
                    f"{type(scheduler).__name__} at index {i} has {scheduler.optimizer}, which is different "
                    f"from {type(optimizer).__name__}."
                )

    def state_dict(self):
        """As in :class:`LRScheduler`, with a list of the schedules' states."""
        return super().state_dict() | {
            "_schedulers": [scheduler.state_dict() for scheduler in self._schedulers]
        }

    def load_state_dict(self, state_dict):
        """Restore what ``state_dict`` returned."""
        schedulers = self._schedulers
        super().load_state_dict(state_dict)
        self._schedulers = schedulers
        for scheduler, state in zip(schedulers, state_dict["_schedulers"]):
            scheduler.load_state_dict(state)


class SequentialLR(_Composed):
    """One schedule after another: the next takes over at each of the ``milestones``.

    ValueError for a wrong number of milestones or schedules of another optimizer.

    Args:
        schedulers (list of LRScheduler): the schedules, all of one optimizer
        milestones (list of int): the steps at which the next one takes over

    Example:
        >>> optimizer = optim.SGD([nn.Parameter(mytorch.zeros(1))], lr=1.0)
        >>> warmup = optim.lr_scheduler.LinearLR(optimizer, total_iters=2)
        >>> decay = optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
        >>> schedule = optim.lr_scheduler.SequentialLR(optimizer, [warmup, decay], milestones=[2])
        >>> for _ in range(3):
        ...     optimizer.step()
        ...     schedule.step()
        >>> schedule.get_last_lr()
        [0.9]
    """

    def __init__(self, optimizer, schedulers, milestones, last_epoch=-1):
        if not schedulers:
            raise ValueError(f"{type(self).__name__} expects at least one scheduler, but got no scheduler.")
        self._check(optimizer, schedulers)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "Sequential Schedulers expects number of schedulers provided to be one more than the number "
                f"of milestone points, but got number of schedulers {len(schedulers)} and the number of "
                f"milestones to be equal to {len(milestones)}"
            )
        self._schedulers, self._milestones = schedulers, milestones
        self.last_epoch, self.optimizer = last_epoch + 1, optimizer
        # each schedule took its first step when it was made: undo these, and repeat that of the first one
        for group in optimizer.param_groups:
            set_value(group, "lr", group["initial_lr"])
        self._undo(self)
        first = schedulers[bisect_right(milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def _undo(self, scheduler):
        if hasattr(scheduler, "_schedulers"):
            for inner in scheduler._schedulers:
                self._undo(inner)
        elif hasattr(scheduler, "last_epoch"):
            scheduler.last_epoch -= 1

    def step(self):
        """Advance by one step."""
        self.last_epoch += 1
        i = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[i]
        if i > 0 and self._milestones[i - 1] == self.last_epoch:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


class ChainedScheduler(_Composed):
    """Several schedules at once: each step is a step of all of them, in order.

    Args:
        schedulers (list of LRScheduler): the schedules, all of one optimizer
        optimizer (Optimizer): their optimizer; None takes that of the first

    Example:
        >>> optimizer = optim.SGD([nn.Parameter(mytorch.zeros(1))], lr=1.0)
        >>> parts = [optim.lr_scheduler.ExponentialLR(optimizer, g) for g in (0.9, 0.5)]
        >>> schedule = optim.lr_scheduler.ChainedScheduler(parts)
        >>> optimizer.step()
        >>> schedule.step()
        >>> schedule.get_last_lr()
        [0.45]
    """

    def __init__(self, schedulers, optimizer=None):
        if not schedulers:
            raise ValueError(
                f"{type(self).__name__} expects at least one scheduler to be chained, but got no scheduler."
            )
        optimizer = optimizer or schedulers[0].optimizer
        self._check(optimizer, schedulers)
        self._schedulers, self.optimizer = schedulers, optimizer
        self._last_lr = values(optimizer, "lr")

    def step(self):
        """A step of every schedule."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = values(self.optimizer, "lr")
