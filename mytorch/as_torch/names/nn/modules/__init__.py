"""Layers that packages import and that are not here."""

from ....refused import classes

_FOUND = classes("torch.nn", "CrossMapLRN2d", "use LocalResponseNorm")
globals().update(_FOUND)

__all__ = [*_FOUND]
