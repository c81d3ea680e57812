"""What packages take from ``torch.distributions.transforms`` beside its transforms."""

from ....distributions.transform import _Inverse as _InverseTransform
from ....ops.dtype_info import finfo

__all__ = ["_InverseTransform", "_clipped_sigmoid"]


def _clipped_sigmoid(x):
    """The sigmoid, kept away from 0 and 1."""
    limits = finfo(x.dtype)
    return x.sigmoid().clamp(min=limits.tiny, max=1 - limits.eps)
