"""The queries and settings of ``torch.backends``. What mytorch does not use answers False;

its settings are stored and have no effect.
"""

from ..names import lookup
from . import cuda, cudnn, mkl, mkldnn, mps, openmp

__getattr__ = lookup(__name__)
