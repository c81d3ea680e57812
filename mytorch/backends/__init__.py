# Names only: there is nothing to read here.
"""The queries and settings of ``torch.backends``.

A backend that mytorch does not use answers False; its settings are stored and have no effect.
"""

from ..tensors.public_names import lookup as _lookup
from . import cuda, cudnn, mkl, mkldnn, mps, openmp

__getattr__ = _lookup(__name__)
