"""What moves tensors here: which backends there are, and which one a name means."""

from __future__ import annotations

import os

from ..core.arrays import cuda_is_available
from ..core.arrays import device as as_device
from . import mpi, nccl


class Backend(str):
    """The name of a backend, in small letters."""

    UNDEFINED, GLOO, NCCL, UCC, MPI, XCCL = "undefined gloo nccl ucc mpi xccl".split()

    def __new__(cls, name):
        return super().__new__(cls, name.lower())


def checked_backend(backend, device_id):
    """The name of the backend. ValueError for one that there is not; RuntimeError for NCCL without a GPU."""
    name = str(backend or "mpi").lower()
    if ":" in name:  # as in "cpu:gloo,cuda:nccl"
        by_device = dict(part.split(":") for part in name.split(","))
        name = by_device.get("cuda" if device_id is not None else "cpu") or next(iter(by_device.values()))
    if name not in ("mpi", "gloo", "nccl", "undefined"):
        raise ValueError(f"Invalid backend: {backend!r}; mytorch has 'mpi' (also called 'gloo') and 'nccl'")
    if name == "nccl" and not cuda_is_available():
        raise RuntimeError("ProcessGroupNCCL is only supported with GPUs, no GPUs found! Use backend 'mpi'")
    return "mpi" if name == "undefined" else name


def is_available() -> bool:
    """True: a world of one needs nothing else."""
    return True


def is_mpi_available() -> bool:
    """Whether mpi4py is installed and finds an MPI."""
    return mpi.is_installed()


is_gloo_available = is_mpi_available


def is_nccl_available() -> bool:
    """Whether CuPy has NCCL."""
    return nccl.is_available()


def is_ucc_available() -> bool:
    """False: the backends are "mpi" (also "gloo") and "nccl"."""
    return False


is_xccl_available = is_ucc_available


def is_backend_available(backend) -> bool:
    """Whether "mpi", "gloo" or "nccl" can be used here."""
    return {"mpi": is_mpi_available, "gloo": is_mpi_available, "nccl": is_nccl_available}.get(
        str(backend).lower(), bool
    )()


def get_default_backend_for_device(device) -> str:
    """ "nccl" for a GPU, "gloo" (MPI) for the CPU."""
    return "nccl" if as_device(device).type == "cuda" else "gloo"


def is_torchelastic_launched() -> bool:
    """Whether ``python -m mytorch.distributed.run`` has started this process."""
    return "MYTORCH_RUN" in os.environ
