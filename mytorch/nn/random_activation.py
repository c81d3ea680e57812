"""Activations that draw random numbers: rrelu, and samples of the Gumbel-softmax distribution."""

from __future__ import annotations

import numpy

from ..core.arrays import as_array, xp
from ..ops.activation import leaky_relu
from ..ops.dtype_info import finfo
from ..ops.elementwise import check_real
from ..ops.inplace import inplace as in_place
from ..ops.softmax import softmax
from .dropout import random_like, scaled

_leaky_relu_ = in_place(leaky_relu)


@numpy.errstate(all="ignore")  # overflow gives inf
def rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False, inplace=False):
    """x where it is positive, else a · x: a is (lower + upper) / 2, or if ``training`` drawn from [lower,
    upper] for each element.

    https://arxiv.org/abs/1505.00853. RuntimeError if lower > upper.
    """
    if lower > upper:
        raise RuntimeError(
            "Lower bound should be less than or equal to the upper bound, "
            f"got lower={lower} and upper={upper}"
        )
    if not training:
        return (_leaky_relu_ if inplace else leaky_relu)(input, negative_slope=(lower + upper) / 2)
    check_real(input, "rrelu")
    slopes = as_array(random_like(input) * (upper - lower) + lower).astype(input.array.dtype, copy=False)
    slopes[input.array > 0] = 1
    return scaled(input, slopes, inplace)


rrelu_ = in_place(rrelu)


def gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1):
    """A sample of the Gumbel-softmax distribution over ``dim`` (https://arxiv.org/abs/1611.00712).

    ``hard``: its value is one-hot, its gradient that of the soft sample.
    """
    u = random_like(logits)
    limits, number = finfo(u.dtype), u.dtype.type
    # keep u inside of (0, 1): 16-bit numbers may be rounded to 1
    noise = -xp(u).log(-xp(u).log(xp(u).clip(u, number(limits.tiny), number(1 - limits.eps / 2))))
    soft = softmax((logits + noise) / tau, dim=dim)
    if not hard:
        return soft
    one_hot = xp(u).zeros_like(soft.array)
    xp(u).put_along_axis(one_hot, xp(u).expand_dims(soft.array.argmax(dim), dim), 1, dim)
    return soft - soft.detach() + one_hot
