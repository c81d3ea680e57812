"""``torch.utils.cpp_extension``: no compiler of CUDA's or ROCm's is looked for, and nothing is compiled."""

from ...absent import absent

CUDA_HOME = ROCM_HOME = CUDNN_HOME = None
IS_HIP_EXTENSION = IS_WINDOWS = False

__getattr__ = absent("utils.cpp_extension").__getattr__  # type: ignore[union-attr]
