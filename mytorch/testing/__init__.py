# Names only: there is nothing to read here.
"""Comparing tensors in tests, and the table of samples by which every operation is proved
(``testing.samples``).
"""

from ..core.public_names import lookup as _lookup
from .close import assert_close

__all__ = ["assert_close"]

__getattr__ = _lookup(__name__)
