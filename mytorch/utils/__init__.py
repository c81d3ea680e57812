"""Tools around the framework: ``utils.data`` loads and batches data, ``utils.checkpoint`` trades time for
memory.
"""

from . import checkpoint, data
