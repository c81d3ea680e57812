"""The C library's allocator: freed memory stays with the process for the next step.

A training step frees and allocates the same large arrays over and over. By default glibc unmaps each of them,
and the kernel clears every page that is mapped again: up to a fifth of the time of a convolutional network's
step. ``MYTORCH_KEEP_MEMORY=0`` leaves the allocator as it is.
"""

from __future__ import annotations

import ctypes
import os

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD in glibc's malloc.h


def keep_freed_memory() -> bool:
    """Tell glibc's allocator to keep freed memory; True if it does.

    Settings that the user made by ``MALLOC_*`` variables stay.
    """
    if os.environ.get("MYTORCH_KEEP_MEMORY", "1") == "0":
        return False
    is_glibc = "CS_GNU_LIBC_VERSION" in getattr(os, "confstr_names", ())
    if not is_glibc or any(name.startswith("MALLOC_") or name == "GLIBC_TUNABLES" for name in os.environ):
        return False
    mallopt, large = getattr(ctypes.CDLL(None), "mallopt", None), 1 << 30
    if mallopt is None or not mallopt(_TRIM_THRESHOLD, large):
        return False
    return any(mallopt(_MMAP_THRESHOLD, size) for size in (large, 1 << 25))
