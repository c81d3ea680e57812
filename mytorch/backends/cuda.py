"""CUDA, through CuPy."""

import types

from ..backend import cuda_is_available

matmul = types.SimpleNamespace(allow_tf32=False, allow_fp16_reduced_precision_reduction=False)  # stored, without effect


def is_built() -> bool:
    """Whether CuPy is installed and sees a GPU."""
    return cuda_is_available()
