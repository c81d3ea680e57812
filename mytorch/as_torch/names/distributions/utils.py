"""``torch.distributions.utils``: what distributions written elsewhere are made with."""

from __future__ import annotations

import functools

from ....core.grad_mode import enable_grad
from ....distributions.distribution import broadcast_all
from ....ops.bounds import clamp
from ....ops.dtype_info import finfo
from ....ops.reduce import sum as sum_of
from ....ops.softmax import softmax
from ....ops.transcendental import log, log1p, sigmoid
from ....tensors.random_creation import randn

euler_constant = 0.57721566490153286060


def _standard_normal(shape, dtype, device):
    """Normal numbers."""
    return randn(shape, dtype=dtype, device=device)


def _sum_rightmost(value, dim):
    """The sum over the last ``dim`` dimensions."""
    return value if dim == 0 else sum_of(value.reshape(value.shape[:-dim] + (-1,)), -1)


def clamp_probs(probs):
    """The probabilities, away from 0 and 1 by the rounding of their dtype."""
    return clamp(probs, finfo(probs.dtype).eps, 1 - finfo(probs.dtype).eps)


def logits_to_probs(logits, is_binary=False):
    """The probabilities of log odds, or of unnormalised logarithms over the last dimension."""
    return sigmoid(logits) if is_binary else softmax(logits, -1)


def probs_to_logits(probs, is_binary=False):
    """The inverse of :func:`logits_to_probs`."""
    clamped = clamp_probs(probs)
    return log(clamped) - log1p(-clamped) if is_binary else log(clamped)


class lazy_property:
    """A property that is computed once, when it is first read."""

    def __init__(self, wrapped):
        self.wrapped = wrapped
        functools.update_wrapper(self, wrapped)

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        with enable_grad():
            value = self.wrapped(instance)
        setattr(instance, self.wrapped.__name__, value)
        return value
