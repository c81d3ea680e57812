# Names only: there is nothing to read here.
"""Tools around the framework: ``utils.data`` loads and batches data, ``utils.checkpoint`` trades time for
memory.
"""

from ..core.public_names import lookup as _lookup
from . import checkpoint, data, hooks

__getattr__ = _lookup(__name__)
