"""Tools around the framework: ``utils.data`` loads and batches data, ``utils.checkpoint`` trades time for
memory.
"""

from ..names import lookup
from . import checkpoint, data, hooks

__getattr__ = lookup(__name__)
