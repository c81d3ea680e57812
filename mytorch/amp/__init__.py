# Names only: there is nothing to read here.
"""``torch.amp``: mixed precision. ``autocast`` chooses the dtypes, ``GradScaler`` scales the loss."""

from ..tensors.public_names import lookup as _lookup
from .autocast import autocast, is_autocast_available
from .custom_function import custom_bwd, custom_fwd
from .grad_scaler import GradScaler

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]

__getattr__ = _lookup(__name__)
