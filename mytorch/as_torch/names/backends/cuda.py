"""``torch.backends.cuda``: settings of kernels that are not here; they are stored or have no effect."""

import contextlib
import types

__all__ = """
    SDPAParams can_use_cudnn_attention can_use_efficient_attention can_use_flash_attention cudnn_sdp_enabled
    cufft_plan_cache enable_cudnn_sdp enable_flash_sdp enable_math_sdp enable_mem_efficient_sdp
    flash_sdp_enabled is_flash_attention_available math_sdp_enabled mem_efficient_sdp_enabled
    preferred_blas_library preferred_linalg_library sdp_kernel
""".split()

cufft_plan_cache = types.SimpleNamespace(size=0, max_size=0, clear=lambda: None)


class SDPAParams:
    """What a kernel for attention would be asked whether it can."""

    def __init__(self, *args):
        self.args = args


def can_use_flash_attention(params=None, debug=False):
    """False: attention is matrix products and a softmax."""
    return False


can_use_cudnn_attention = can_use_efficient_attention = is_flash_attention_available = can_use_flash_attention
cudnn_sdp_enabled = flash_sdp_enabled = mem_efficient_sdp_enabled = can_use_flash_attention


def math_sdp_enabled():
    """True."""
    return True


def enable_flash_sdp(enabled):
    """Nothing: there is one kernel."""


enable_cudnn_sdp = enable_math_sdp = enable_mem_efficient_sdp = enable_flash_sdp


def preferred_linalg_library(backend=None):
    """ "default"."""
    return "default"


preferred_blas_library = preferred_linalg_library


def sdp_kernel(enable_flash=True, enable_math=True, enable_mem_efficient=True, enable_cudnn=True):
    """A context manager that changes nothing."""
    return contextlib.nullcontext({})
