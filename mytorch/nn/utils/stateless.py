# Names only: there is nothing to read here.
"""``torch.nn.utils.stateless``, the older place of ``functional_call``."""

from __future__ import annotations

import warnings

from ...tensors.public_names import lookup as _lookup
from ..functional_call import call_with

__all__ = ["functional_call"]


def functional_call(
    module, parameters_and_buffers, args=None, kwargs=None, *, tie_weights=True, strict=False
):
    """As :func:`mytorch.func.functional_call` with one dict. Deprecated, as in torch: it warns."""
    warnings.warn(
        "`torch.nn.utils.stateless.functional_call` is deprecated as of PyTorch 2.0 and will be removed in a "
        "future version of PyTorch. Please use `torch.func.functional_call` instead which is a drop-in "
        "replacement.",
        FutureWarning,
        stacklevel=2,
    )
    return call_with(module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict)


__getattr__ = _lookup(__name__)
