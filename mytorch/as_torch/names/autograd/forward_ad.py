"""``torch.autograd.forward_ad``: derivatives computed along with the values. There is reverse mode alone."""

from typing import Any, NamedTuple

from ....as_torch.refused import classes, functions

globals().update(functions("torch.autograd.forward_ad", "make_dual enter_dual_level", "use torch.func.jvp"))
globals().update(classes("torch.autograd.forward_ad", "dual_level", "use torch.func.jvp"))


class UnpackedDualTensor(NamedTuple):
    """A value, and its derivative or None."""

    primal: Any
    tangent: Any


def unpack_dual(tensor, *, level=None):
    """The tensor, without a derivative: no tensor carries one."""
    return UnpackedDualTensor(tensor, None)
