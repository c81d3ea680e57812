# Names only: there is nothing to read here.
"""What packages take from ``torch.nn.parameter`` beside Parameter and Buffer."""

from ....nn.lazy import UninitializedParameter
from ...refused import classes

__all__ = ["UninitializedBuffer", "UninitializedParameter", "UninitializedTensorMixin", "is_lazy"]

globals().update(classes("torch.nn.parameter", "UninitializedBuffer", "lazy layers make their buffers late"))

UninitializedTensorMixin = UninitializedParameter


def is_lazy(param):
    """Whether the shape of a parameter is not known yet."""
    return isinstance(param, UninitializedParameter)
