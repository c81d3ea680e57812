"""How tensors print."""

from __future__ import annotations

import numpy


def tensor_repr(tensor):
    """The text of a tensor, as torch prints it."""
    text = numpy.array2string(tensor.detach().cpu().array, separator=", ", prefix="tensor(", precision=4)
    tail = f", dtype={tensor.dtype!r}"
    if not tensor.is_leaf:
        tail += f", grad_fn=<{tensor.grad_fn.name}>"
    elif tensor.requires_grad:
        tail += ", requires_grad=True"
    return f"tensor({text}{tail})"
