"""Comparing tensors in tests, and the table of samples by which every operation is proved
(``testing.samples``).
"""

from ..names import lookup
from .close import assert_close

__all__ = ["assert_close"]

__getattr__ = lookup(__name__)
