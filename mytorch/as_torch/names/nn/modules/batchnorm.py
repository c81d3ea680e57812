# Names only: there is nothing to read here.
"""The classes that packages ask whether a layer is one of."""

from .....nn.normalization import _PerChannel as _NormBase

__all__ = ["_NormBase"]
