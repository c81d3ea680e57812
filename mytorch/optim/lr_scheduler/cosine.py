"""Cosine annealing: once, with restarts, and after a warm-up."""

from __future__ import annotations

import math

from .base import LRScheduler, current_rates, set_rates, within_step


class CosineAnnealingLR(LRScheduler):
    """eta_min + (base_lr − eta_min) · (1 + cos(π · epoch / T_max)) / 2 (Loshchilov and Hutter, 2017).

    There are no restarts: after T_max the rate rises again.

    Args:
        T_max (int): the epoch of the smallest rate
        eta_min (float): the smallest rate

    Example:
        >>> optimizer = optim.SGD([nn.Parameter(mytorch.zeros(1))], lr=1.0)
        >>> schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=3)
        >>> for _ in range(3):
        ...     optimizer.step()
        ...     schedule.step()
        >>> schedule.get_last_lr()
        [0.0]
    """

    def __init__(self, optimizer, T_max, eta_min=0.0, last_epoch=-1):
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        rates, n, low = current_rates(self), self.last_epoch, self.eta_min
        if self._is_initial:
            return rates
        if self._step_count == 1 and n > 0:
            return [
                low + (base - low) * (1 + math.cos(n * math.pi / self.T_max)) / 2 for base in self.base_lrs
            ]
        if (n - 1 - self.T_max) % (2 * self.T_max) == 0:
            return [
                lr + (base - low) * (1 - math.cos(math.pi / self.T_max)) / 2
                for base, lr in zip(self.base_lrs, rates)
            ]
        factor = (1 + math.cos(math.pi * n / self.T_max)) / (1 + math.cos(math.pi * (n - 1) / self.T_max))
        return [factor * (lr - low) + low for lr in rates]

    def _get_closed_form_lr(self):
        low = self.eta_min
        return [
            low + (base - low) * (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2
            for base in self.base_lrs
        ]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Cosine annealing that restarts after T_0 epochs, again after T_0 · T_mult, T_0 · T_mult², …
    (Loshchilov and Hutter, 2017).

    ``step(epoch)`` also takes fractions of an epoch. ValueError unless T_0 and T_mult are positive ints.

    Args:
        T_0 (int): how many epochs the first period has
        T_mult (int): by how much each period is longer than the one before
        eta_min (float): the smallest rate

    Example:
        >>> optimizer = optim.SGD([nn.Parameter(mytorch.zeros(1))], lr=1.0)
        >>> schedule = optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=3)
        >>> for _ in range(3):
        ...     optimizer.step()
        ...     schedule.step()
        >>> schedule.get_last_lr()
        [1.0]
    """

    def __init__(self, optimizer, T_0, T_mult=1, eta_min=0.0, last_epoch=-1):
        if T_0 <= 0 or not isinstance(T_0, int):
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if T_mult < 1 or not isinstance(T_mult, int):
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        if not isinstance(eta_min, (float, int)):
            raise ValueError(f"Expected float or int eta_min, but got {eta_min} of type {type(eta_min)}")
        self.T_0 = self.T_i = T_0  # the first and the current period
        self.T_mult, self.eta_min, self.T_cur = T_mult, eta_min, last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        current_rates(self)
        low = self.eta_min
        return [
            low + (base - low) * (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2 for base in self.base_lrs
        ]

    def step(self, epoch=None):
        """Advance by one epoch, or to ``epoch``, which may be a fraction. ValueError if it is negative."""
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        elif epoch < 0:
            raise ValueError(f"Expected non-negative epoch, but got {epoch}")
        elif epoch < self.T_0:
            self.T_i, self.T_cur = self.T_0, epoch
        elif self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        else:
            restarts = int(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
            self.T_cur = epoch - self.T_0 * (self.T_mult**restarts - 1) / (self.T_mult - 1)
            self.T_i = self.T_0 * self.T_mult**restarts
        self.last_epoch = math.floor(epoch)
        with within_step(self):
            rates = self.get_lr()
        set_rates(self, rates)


class WarmupCosineLR(LRScheduler):
    """A linear warm-up, then cosine annealing to min_ratio · base_lr, which is kept from ``total_steps`` on.

    At step t (from 0): base_lr · (t + 1) / (warmup_steps + 1) while t < warmup_steps, then
    base_lr · (min_ratio + (1 − min_ratio) · (1 + cos(π · (t − warmup_steps) / (total_steps − warmup_steps)))
    / 2). ValueError unless 0 ≤ warmup_steps < total_steps and 0 ≤ min_ratio ≤ 1.

    Args:
        warmup_steps (int): how many steps the rise takes
        total_steps (int): the step from which the smallest rate is kept
        min_ratio (float): the smallest rate as a part of base_lr

    Example:
        >>> optimizer = optim.SGD([nn.Parameter(mytorch.zeros(1))], lr=1.0)
        >>> schedule = optim.lr_scheduler.WarmupCosineLR(optimizer, warmup_steps=1, total_steps=4)
        >>> for _ in range(3):
        ...     optimizer.step()
        ...     schedule.step()
        >>> schedule.get_last_lr()
        [0.2500000000000001]
    """

    def __init__(self, optimizer, warmup_steps, total_steps, min_ratio=0.0, last_epoch=-1):
        if not 0 <= warmup_steps < total_steps:
            raise ValueError(
                f"Expected 0 <= warmup_steps < total_steps, but got {warmup_steps} and {total_steps}"
            )
        if not 0 <= min_ratio <= 1:
            raise ValueError(f"Expected min_ratio between 0 and 1, but got {min_ratio}")
        self.warmup_steps, self.total_steps, self.min_ratio = warmup_steps, total_steps, min_ratio
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        current_rates(self)
        return self._get_closed_form_lr()

    def _get_closed_form_lr(self):
        t = self.last_epoch
        if t < self.warmup_steps:
            factor = (t + 1) / (self.warmup_steps + 1)
        else:
            progress = min((t - self.warmup_steps) / (self.total_steps - self.warmup_steps), 1.0)
            factor = self.min_ratio + (1 - self.min_ratio) * (1 + math.cos(math.pi * progress)) / 2
        return [base * factor for base in self.base_lrs]
