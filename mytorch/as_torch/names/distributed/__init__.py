"""Names of ``torch.distributed`` that mean nothing over MPI: stores are PyTorch's own rendezvous."""

from ....as_torch.refused import classes

__all__ = ["Backend", "FileStore", "HashStore", "Store", "TCPStore"]
_REASON = "ranks find each other through MPI: init_process_group needs no address and no store"
globals().update(classes("torch.distributed", "FileStore HashStore Store TCPStore", _REASON))


class Backend(str):
    """The name of a backend, in small letters."""

    UNDEFINED, GLOO, NCCL, UCC, MPI, XCCL = "undefined gloo nccl ucc mpi xccl".split()

    def __new__(cls, name):
        return super().__new__(cls, name.lower())
