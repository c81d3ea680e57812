"""What packages take from ``torch.cuda`` beside its devices and generators."""

from __future__ import annotations

import os

from ....cuda import (
    get_rng_state_all,
    manual_seed,
    max_memory_allocated,
    memory_allocated,
    memory_reserved,
    reset_peak_memory_stats,
    set_rng_state_all,
)
from ...refused import classes, functions
from .._root import OutOfMemoryError as OutOfMemoryError

_GRAPHS = "work on a GPU is not recorded"
_MEMORY = "CuPy keeps the memory of a GPU"
_REFUSED = {
    **classes("torch.cuda", "CUDAGraph StreamContext", _GRAPHS),
    **functions("torch.cuda", "graph graph_pool_handle make_graphed_callables", _GRAPHS),
    **classes("torch.cuda", "CUDAPluggableAllocator ExternalStream GreenContext MemPool", _MEMORY),
    **functions(
        "torch.cuda",
        """
        caching_allocator_alloc caching_allocator_delete change_current_allocator memory_snapshot
        list_gpu_processes set_per_process_memory_fraction use_mem_pool
        """,
        _MEMORY,
    ),
    **functions("torch.cuda", "clock_rate power_draw temperature utilization", "nvidia-smi says it"),
}
globals().update(_REFUSED)

__all__ = [
    *_REFUSED,
    *"""
    OutOfMemoryError get_arch_list get_rng_state get_sync_debug_mode ipc_collect is_current_stream_capturing
    is_tf32_supported max_memory_cached max_memory_reserved memory_cached memory_stats memory_summary
    reset_accumulated_memory_stats reset_max_memory_allocated reset_max_memory_cached seed seed_all
    set_rng_state set_sync_debug_mode
    """.split(),
]

memory_cached, max_memory_cached, max_memory_reserved = memory_reserved, memory_reserved, memory_reserved
reset_accumulated_memory_stats = reset_max_memory_allocated = reset_max_memory_cached = (
    reset_peak_memory_stats
)


def memory_stats(device=None):
    """The bytes that are in use and kept, under PyTorch's names."""
    return {
        "allocated_bytes.all.current": memory_allocated(device),
        "allocated_bytes.all.peak": max_memory_allocated(device),
        "reserved_bytes.all.current": memory_reserved(device),
    }


def memory_summary(device=None, abbreviated=False):
    """:func:`memory_stats`, line by line."""
    return "\n".join(f"{name}: {value}" for name, value in memory_stats(device).items())


def is_current_stream_capturing():
    """False: nothing is recorded."""
    return False


is_tf32_supported = is_current_stream_capturing


def get_arch_list():
    """[]: nothing is compiled for a GPU in advance."""
    return []


def get_sync_debug_mode():
    """0: nobody watches for waits."""
    return 0


def set_sync_debug_mode(debug_mode):
    """Nothing."""


def ipc_collect():
    """Nothing: processes share no memory of a GPU."""


def get_rng_state(device="cuda"):
    """The state of the default generator."""
    return get_rng_state_all()[0]


def set_rng_state(new_state, device="cuda"):
    """Restore what :func:`get_rng_state` returned."""
    set_rng_state_all([new_state])


def seed():
    """Restart the generators of GPUs from a number that nobody knows."""
    manual_seed(int.from_bytes(os.urandom(7), "little"))


seed_all = seed
