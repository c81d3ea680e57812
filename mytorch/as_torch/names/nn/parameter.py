# Names only: there is nothing to read here.
"""What packages take from ``torch.nn.parameter`` beside Parameter and Buffer."""

from ....nn.lazy import UninitializedBuffer, UninitializedParameter, UninitializedTensorMixin

__all__ = ["UninitializedBuffer", "UninitializedParameter", "UninitializedTensorMixin", "is_lazy"]


def is_lazy(param):
    """Whether the shape of a parameter is not known yet."""
    return isinstance(param, UninitializedTensorMixin)
