# Names only: there is nothing to read here.
"""``torch.signal.windows``: window functions, symmetric by default."""

from ..tensors.public_names import lookup as _lookup
from ..tensors.signal_windows import (
    bartlett,
    blackman,
    cosine,
    exponential,
    gaussian,
    general_cosine,
    general_hamming,
    hamming,
    hann,
    kaiser,
    nuttall,
)

__all__ = [
    "bartlett",
    "blackman",
    "cosine",
    "exponential",
    "gaussian",
    "general_cosine",
    "general_hamming",
    "hamming",
    "hann",
    "kaiser",
    "nuttall",
]

__getattr__ = _lookup(__name__)
