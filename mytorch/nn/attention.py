# Names only: there is nothing to read here.
"""The names of ``torch.nn.attention``, by which scripts choose one of torch's kernels."""

from __future__ import annotations

import contextlib
import enum


class SDPBackend(enum.IntEnum):
    """torch's kernels for ``scaled_dot_product_attention``; here there is one."""

    ERROR, MATH, FLASH_ATTENTION, EFFICIENT_ATTENTION, CUDNN_ATTENTION, OVERRIDEABLE = range(-1, 5)


@contextlib.contextmanager
def sdpa_kernel(backends, set_priority=False):
    """``with sdpa_kernel(SDPBackend.MATH): …`` changes nothing: there is one kernel.

    AssertionError unless ``backends`` are of SDPBackend.
    """
    for backend in backends if isinstance(backends, (list, tuple)) else [backends]:
        if not isinstance(backend, SDPBackend):
            raise AssertionError(
                "Backend must be an instance of SDPBackend or a list of SDPBackend instances, but got "
                f"{type(backend)}"
            )
    yield
