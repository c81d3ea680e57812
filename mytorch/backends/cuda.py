# Names only: there is nothing to read here.
"""CUDA, through CuPy."""

import types

from ..core.arrays import cuda_is_available

# stored, without effect
matmul = types.SimpleNamespace(allow_tf32=False, allow_fp16_reduced_precision_reduction=False)


def is_built() -> bool:
    """Whether CuPy is installed and sees a GPU."""
    return cuda_is_available()
