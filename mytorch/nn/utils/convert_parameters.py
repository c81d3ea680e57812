"""Parameters as one vector and back."""

from __future__ import annotations

from ...ops.join import cat
from ...tensors.tensor import Tensor


def _checked(parameters):
    parameters = list(parameters)
    if len({str(p.device) for p in parameters}) > 1:
        raise TypeError("Found two parameters on different devices, this is currently not supported.")
    return parameters


def parameters_to_vector(parameters):
    """All elements of ``parameters`` as one vector, in their order; differentiable."""
    return cat([p.reshape(-1) for p in _checked(parameters)])


def vector_to_parameters(vec, parameters):
    """Set ``parameters`` to consecutive parts of the vector ``vec``, whose memory they then share.

    TypeError if ``vec`` is not a tensor.
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type(vec).__name__}")
    start = 0
    for p in _checked(parameters):
        p.data = vec[start : start + p.numel()].reshape(tuple(p.shape)).data
        start += p.numel()
