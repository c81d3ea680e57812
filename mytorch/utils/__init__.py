# Names only: there is nothing to read here.
"""Data loading (``utils.data``), checkpointing (``utils.checkpoint``) and pictures of models."""

from ..tensors.public_names import lookup as _lookup
from . import checkpoint, data, hooks

__getattr__ = _lookup(__name__, later=("dlpack",))
