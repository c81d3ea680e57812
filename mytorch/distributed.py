# Names only: there is nothing to read here.
"""The questions that scripts ask ``torch.distributed`` before they go on in one process: that is all there
is, mytorch trains in one.
"""

from __future__ import annotations

from .tensors.public_names import lookup as _lookup


def is_available() -> bool:
    """False: nothing here talks to other processes."""
    return False


is_initialized = is_torchelastic_launched = is_nccl_available = is_gloo_available = is_mpi_available = (
    is_available
)


def init_process_group(backend=None, *args, **kwargs):
    """NotImplementedError: there are no process groups."""
    raise NotImplementedError("mytorch trains in one process: there is no distributed communication")


def _no_group(*args, **kwargs):
    """ValueError: there is no process group, as :func:`is_initialized` says."""
    raise ValueError(
        "Default process group has not been initialized, please make sure to call init_process_group."
    )


class ReduceOp:
    """The names of ways to combine the tensors of all processes."""

    SUM, AVG, PRODUCT, MIN, MAX, BAND, BOR, BXOR, PREMUL_SUM = range(9)


get_rank = get_world_size = get_backend = new_group = destroy_process_group = _no_group
barrier = all_reduce = all_gather = broadcast = reduce = scatter = gather = reduce_scatter = _no_group

__getattr__ = _lookup(__name__)
