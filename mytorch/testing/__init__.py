# Names only: there is nothing to read here.
"""Comparison of tensors in tests; ``testing.samples`` is the table of samples of every operation."""

from ..tensors.public_names import lookup as _lookup
from .close import assert_close

__all__ = ["assert_close"]

__getattr__ = _lookup(__name__)
