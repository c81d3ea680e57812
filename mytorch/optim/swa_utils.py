"""Averages of weights over the steps of training: equal (SWA) or exponential (EMA).

Izmailov et al., Averaging Weights Leads to Wider Optima and Better Generalization, 2018. ``optim`` does not
import this file, because it needs ``nn``.
"""

from __future__ import annotations

import copy
import itertools
import math

from ..core.grad_mode import no_grad
from ..nn.module import Module
from ..nn.normalization import _BatchNorm
from ..tensors.creation import tensor
from ..tensors.public_names import lookup as _lookup
from .lr_scheduler import LRScheduler
from .lr_scheduler.base import per_group

__all__ = [
    "SWALR",
    "AveragedModel",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]


def get_ema_avg_fn(decay=0.999):
    """``avg_fn`` of an exponential average: decay · average + (1 - decay) · value. ValueError unless
    ``decay`` lies in [0, 1].
    """
    if not 0 <= decay <= 1:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")
    return no_grad()(lambda average, value, n: decay * average + (1 - decay) * value)


def get_swa_avg_fn():
    """``avg_fn`` of the equal average of all values so far."""
    return no_grad()(lambda average, value, n: average + (value - average) / (n + 1))


def _each(avg_fn):
    @no_grad()
    def update(averages, values, n):
        for average, value in zip(averages, values):
            average.copy_(avg_fn(average, value, n))

    return update


def get_ema_multi_avg_fn(decay=0.999):
    """As :func:`get_ema_avg_fn`, for lists of tensors that are updated in place.

    ValueError unless ``decay`` lies in [0, 1].
    """
    return _each(get_ema_avg_fn(decay))


def get_swa_multi_avg_fn():
    """As :func:`get_swa_avg_fn`, for lists of tensors that are updated in place."""
    return _each(get_swa_avg_fn())


class AveragedModel(Module):
    """A copy of ``model``, as ``module``, with averages of the parameters that :meth:`update_parameters` got.

    avg_fn(average, value, n) returns the new average of one tensor after n values; multi_avg_fn(averages,
    values, n) updates lists of averages in place. The default is the equal average. Buffers are copied, or
    averaged too with ``use_buffers``. AssertionError if both functions are given.

    Args:
        model (Module): the model whose parameters are averaged
        device (device or str): where the averages live; None is where the parameters are
        avg_fn (callable): the new average of one tensor; None is the equal average
        multi_avg_fn (callable): the same for lists of tensors, in place
        use_buffers (bool): whether buffers are averaged, rather than copied

    Example:
        >>> model = nn.Linear(2, 1)
        >>> average = optim.swa_utils.AveragedModel(model)
        >>> average.update_parameters(model)
        >>> average(mytorch.ones(4, 2)).shape
        mytorch.Size([4, 1])
    """

    def __init__(self, model, device=None, avg_fn=None, multi_avg_fn=None, use_buffers=False):
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", tensor(0, dtype="int64", device=device))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn, multi_avg_fn, use_buffers

    def forward(self, *args, **kwargs):
        """What the averaged model returns."""
        return self.module(*args, **kwargs)

    def __tensors(self, module):
        buffers = module.buffers() if self.use_buffers else ()
        return [t.detach() for t in itertools.chain(module.parameters(), buffers)]

    @no_grad()
    def update_parameters(self, model):
        """Add the current parameters of ``model`` to the average."""
        averaged, seen = self.__tensors(self.module), self.__tensors(model)
        values = [value.to(average.device) for average, value in zip(averaged, seen)]
        if self.n_averaged == 0:
            for average, value in zip(averaged, values):
                average.copy_(value)
        else:
            update = self.multi_avg_fn or _each(self.avg_fn or get_swa_avg_fn())
            update(averaged, values, self.n_averaged.to(averaged[0].device) if averaged else self.n_averaged)
        if not self.use_buffers:
            for average, value in zip(self.module.buffers(), model.buffers()):
                average.detach().copy_(value.to(average.device))
        self.n_averaged += 1


@no_grad()
def update_bn(loader, model, device=None):
    """Recompute the running statistics of all batch norms of ``model`` from the inputs in ``loader``.

    These are tensors, or tuples whose first element is one.
    """
    layers = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if not layers:
        return
    momenta, was_training = [layer.momentum for layer in layers], model.training
    model.train()
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None
    for batch in loader:
        inputs = batch[0] if isinstance(batch, (list, tuple)) else batch
        model(inputs if device is None else inputs.to(device))
    for layer, momentum in zip(layers, momenta):
        layer.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """Anneals the learning rate to ``swa_lr`` (a number, or one per group) in ``anneal_epochs`` steps, and
    keeps it there.

    ``anneal_strategy`` is "cos" or "linear". ValueError for another strategy, or a negative number of steps.

    Args:
        swa_lr (float or list of float): the learning rate to reach, one number or one per group
        anneal_epochs (int): how many steps it takes
        anneal_strategy (str): ``"cos"`` or ``"linear"``

    Example:
        >>> optimizer = optim.SGD([nn.Parameter(mytorch.zeros(1))], lr=1.0)
        >>> schedule = optim.swa_utils.SWALR(optimizer, swa_lr=0.1, anneal_epochs=2, anneal_strategy="linear")
        >>> for _ in range(2):
        ...     optimizer.step()
        ...     schedule.step()
        >>> schedule.get_last_lr()
        [0.1]
    """

    def __init__(self, optimizer, swa_lr, anneal_epochs=10, anneal_strategy="cos", last_epoch=-1):
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        for group, rate in zip(optimizer.param_groups, per_group("swa_lr", optimizer, swa_lr)):
            group["swa_lr"] = rate
        self._anneal_strategy, self.anneal_epochs = anneal_strategy, anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _share(self, step):
        """How far from the start (0) to ``swa_lr`` (1) the learning rate is after ``step`` steps."""
        t = max(0, min(1, step / max(1, self.anneal_epochs)))
        return t if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * t)) / 2

    def get_lr(self):
        """The next learning rates: between that of the start and ``swa_lr``."""
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now, rates = self._share(step - 1), self._share(step), []
        for group in self.optimizer.param_groups:
            end = group["swa_lr"]
            start = end if before == 1 else (group["lr"] - before * end) / (1 - before)
            rates.append(end * now + start * (1 - now))
        return rates


__getattr__ = _lookup(__name__)
