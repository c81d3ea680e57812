"""``autograd.grad``: gradients of tensors with respect to tensors."""

from __future__ import annotations

import warnings

from ..core.backward import gradients_of
from ..core.graph import Variable
from ..ops.join import stack


def grad(
    outputs,
    inputs,
    grad_outputs=None,
    retain_graph=None,
    create_graph=False,
    only_inputs=True,
    allow_unused=None,
    is_grads_batched=False,
    materialize_grads=False,
):
    """The gradients of ``outputs`` with respect to ``inputs``, a tuple of tensors of the inputs' shapes.

    No ``.grad`` changes. RuntimeError for an input that the outputs do not depend on, unless
    ``allow_unused`` or ``materialize_grads``.
    """
    if not only_inputs:
        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True)",
            FutureWarning,
            stacklevel=2,
        )
    if not is_grads_batched:
        return gradients_of(
            outputs, inputs, grad_outputs, retain_graph, create_graph, allow_unused, materialize_grads
        )
    batch = [grad_outputs] if isinstance(grad_outputs, Variable) else list(grad_outputs)
    rows = []
    for i in range(next(len(b) for b in batch if b is not None)):
        seeds = [None if b is None else b[i] for b in batch]
        rows.append(gradients_of(outputs, inputs, seeds, True, create_graph, allow_unused, materialize_grads))
    return tuple(None if column[0] is None else stack(column) for column in zip(*rows))
