# Names only: there is nothing to read here.
"""``torch.distributed.Backend``."""

__all__ = ["Backend"]


class Backend(str):
    """The name of a backend, in small letters."""

    UNDEFINED, GLOO, NCCL, UCC, MPI, XCCL = "undefined gloo nccl ucc mpi xccl".split()

    def __new__(cls, name):
        return super().__new__(cls, name.lower())
