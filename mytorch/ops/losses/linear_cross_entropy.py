"""The cross entropy of scores that a linear layer makes."""

from __future__ import annotations

import math

from ..composite import composite
from ..layers.linear import linear
from .cross_entropy import cross_entropy


@composite
def linear_cross_entropy(
    input,
    linear_weight,
    target,
    *,
    linear_bias=None,
    weight=None,
    reduction="mean",
    ignore_index=None,
    label_smoothing=0.0,
    options=None,
):
    """:func:`cross_entropy` of the scores ``input`` · ``linear_weight``ᵀ + ``linear_bias``.

    For ``input`` (features,) or (N, features) and ``linear_weight`` (C, d1, …, features). RuntimeError for
    shapes that do not fit. NotImplementedError for ``options``, which would compute the scores in parts.
    """
    if options is not None:
        raise NotImplementedError("linear_cross_entropy: scores are computed as a whole: leave out options")
    _check_shapes(input, linear_weight, linear_bias)
    classes, *positions, features = linear_weight.shape
    shape = (*input.shape[:-1], classes, *positions)
    if ignore_index is not None and tuple(target.shape) == shape:
        raise RuntimeError("ignore_index cannot be specified when target contains probabilities")
    rows = math.prod(linear_weight.shape[:-1])
    bias = None if linear_bias is None else linear_bias.reshape((rows,))
    scores = linear(input, linear_weight.reshape((rows, features)), bias).reshape(shape)
    return cross_entropy(
        scores,
        target,
        weight,
        ignore_index=-100 if ignore_index is None else ignore_index,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )


def _check_shapes(input, linear_weight, linear_bias):
    if input.ndim not in (1, 2):
        raise RuntimeError(f"expected input with dimensionality 1 or 2, got {input.ndim}")
    if linear_weight.ndim < 2:
        raise RuntimeError(f"expected linear_weight with dimensionality at least 2, got {linear_weight.ndim}")
    if input.shape[-1] != linear_weight.shape[-1]:
        raise RuntimeError(
            "expected equal input and linear_weight last dimensions (in_features), got "
            f"{input.shape[-1]} and {linear_weight.shape[-1]}, respectively"
        )
    shape = tuple(linear_weight.shape[:-1])
    if linear_bias is not None and tuple(linear_bias.shape) != shape:
        raise RuntimeError(f"expected linear_bias shape {shape}, got {tuple(linear_bias.shape)}")
    if input.ndim == 1 and len(shape) > 1:
        raise RuntimeError(
            f"K-dimensional loss defined by linear_weight shape {tuple(linear_weight.shape)} requires "
            f"batched input, (N, {input.shape[-1]}), got unbatched input with shape {tuple(input.shape)}"
        )
