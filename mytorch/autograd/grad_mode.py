# Names only: there is nothing to read here.
"""``torch.autograd.grad_mode``: whether operations are recorded; see ``core/grad_mode.py``."""

from ..core.grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled
from ..tensors.public_names import publish as _publish

__all__ = ["enable_grad", "inference_mode", "no_grad", "set_grad_enabled"]

_publish(__name__)
