# Names only: there is nothing to read here.
"""What packages take from ``torch.nn.parameter`` beside Parameter and Buffer."""

from ....nn.lazy import UninitializedParameter

__all__ = ["UninitializedParameter", "UninitializedTensorMixin", "is_lazy"]

UninitializedTensorMixin = UninitializedParameter


def is_lazy(param):
    """Whether the shape of a parameter is not known yet."""
    return isinstance(param, UninitializedParameter)
