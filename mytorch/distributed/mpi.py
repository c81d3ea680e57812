"""The transport over MPI, by mpi4py.

Everything is nonblocking: MPI makes progress in ``Test()``, between which a waiting rank gives its core away.
MPI has no 16-bit floating-point numbers: they travel as 16 bits and are summed in float32.
"""

from __future__ import annotations

import faulthandler
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy

from ..core.sums import wide
from ..kernels.threads import available_cores
from .reduce_op import ReduceOp, library_name
from .transport import Transport

COMBINE = {
    ReduceOp.SUM: numpy.add,
    ReduceOp.PRODUCT: numpy.multiply,
    ReduceOp.MIN: numpy.minimum,
    ReduceOp.MAX: numpy.maximum,
}


def library():
    """The module ``mpi4py.MPI``; importing it initialises MPI. ImportError names the extra to install."""
    try:
        return importlib.import_module("mpi4py.MPI")
    except (ImportError, RuntimeError) as error:  # RuntimeError: mpi4py found no MPI
        raise ImportError(
            "several processes talk over MPI, which mpi4py finds on this machine: pip install 'mytorch[mpi]' "
            f"brings both, where the cluster has no MPI of its own ({error})"
        ) from error


def as_bits(array):
    """``array`` (flat) in a dtype that MPI can move: it has no 16-bit floats and no truth values to add."""
    flat = array.reshape(-1)
    if flat.dtype.kind == "b":
        return flat.view(numpy.uint8)
    return flat.view(numpy.uint16) if wide(flat.dtype) is not flat.dtype else flat


class MPITransport(Transport):
    """A group on an MPI communicator."""

    devices, compares = ("cpu",), True

    def __init__(self, communicator):
        self.mpi, self.comm = library(), communicator
        self.rank, self.size = communicator.rank, communicator.size
        if "local" not in vars(MPITransport):
            here = self.mpi.COMM_WORLD.Split_type(self.mpi.COMM_TYPE_SHARED)
            MPITransport.local = here.rank, here.size
            here.Free()
        self.crowded = self.local[1] > available_cores()

    def agreement(self, number):
        """A request for the largest and the smallest ``number`` of all ranks; after it, ``reached()`` says
        whether they are the same.
        """
        numbers = numpy.array([number, -number])
        request = self.comm.Iallreduce(self.mpi.IN_PLACE, numbers, self.mpi.MAX)
        return SimpleNamespace(Test=request.Test, reached=lambda: numbers[0] == -numbers[1])

    def _op(self, array, op):
        return getattr(self.mpi, library_name(op, array.dtype))

    def all_reduce(self, array, op):
        if wide(array.dtype) is not array.dtype:
            yield from self._all_reduce_16_bit(array, op)
        else:
            yield self.comm.Iallreduce(self.mpi.IN_PLACE, as_bits(array), self._op(array, op))

    def _all_reduce_16_bit(self, array, op):
        """Each rank combines one part in float32, then all gather the parts."""
        self.in_steps = True
        flat = array.reshape(-1)
        ends = [flat.size * (i + 1) // self.size for i in range(self.size)]
        counts = [end - start for start, end in zip([0, *ends], ends)]
        mine = counts[self.rank]
        parts = numpy.empty((self.size, mine), array.dtype)
        yield from self.all_to_all(parts.reshape(-1), flat, [mine] * self.size, counts)
        yield from self.all_gather(flat, _combined(parts, op), counts)

    def reduce(self, array, root, op):
        if wide(array.dtype) is not array.dtype:
            parts = numpy.empty((self.size, array.size), array.dtype) if self.rank == root else None
            yield from self.gather(None if parts is None else parts.reshape(-1), array, root)
            if parts is not None:
                array.reshape(-1)[...] = _combined(parts, op)
        else:
            own = as_bits(array)
            sent, received = (self.mpi.IN_PLACE, own) if self.rank == root else (own, None)
            yield self.comm.Ireduce(sent, received, self._op(array, op), root)

    def broadcast(self, array, root):
        yield self.comm.Ibcast(as_bits(array), root)

    def all_gather(self, out, array, counts):
        yield self.comm.Iallgatherv(as_bits(array), [as_bits(out), counts])

    def gather(self, out, array, root):
        yield self.comm.Igather(as_bits(array), None if out is None else as_bits(out), root)

    def scatter(self, out, array, root):
        yield self.comm.Iscatter(None if array is None else as_bits(array), as_bits(out), root)

    def reduce_scatter(self, out, array, op):
        if wide(array.dtype) is not array.dtype:
            n = out.size
            parts = numpy.empty((self.size, n), array.dtype)
            yield from self.all_to_all(parts.reshape(-1), array.reshape(-1), [n] * self.size, [n] * self.size)
            out.reshape(-1)[...] = _combined(parts, op)
        else:
            yield self.comm.Ireduce_scatter_block(as_bits(array), as_bits(out), self._op(array, op))

    def all_to_all(self, out, array, received, sent):
        yield self.comm.Ialltoallv([as_bits(array), sent], [as_bits(out), received])

    def send(self, array, to, tag):
        yield self.comm.Isend(as_bits(array), to, tag)

    def receive(self, array, source, tag):
        status = self.mpi.Status()
        request = self.comm.Irecv(as_bits(array), self.mpi.ANY_SOURCE if source is None else source, tag)
        yield SimpleNamespace(Test=lambda: request.Test(status))
        return status.Get_source()

    def barrier(self):
        yield self.comm.Ibarrier()

    def split(self, parts):
        """Ranks of a new group are in the order of its list."""
        mine = ((color, part) for color, part in enumerate(parts) if self.rank in part)
        color, part = next(mine, (self.mpi.UNDEFINED, [self.rank]))
        new = self.comm.Split(color, part.index(self.rank))
        return None if new == self.mpi.COMM_NULL else MPITransport(new)

    def close(self):
        if self.comm not in (self.mpi.COMM_WORLD, self.mpi.COMM_NULL):
            self.comm.Free()

    def abort(self, code):
        sys.stdout.flush()
        sys.stderr.flush()
        self.mpi.COMM_WORLD.Abort(code)


def _combined(parts, op):
    """16-bit ``parts`` along the first dimension, combined in float32."""
    return COMBINE[op].reduce(parts.astype(numpy.float32), 0).astype(parts.dtype)


# ---- who started this process --------------------------------------------------------------------

# of Open MPI, MPICH and its relatives, and a step of Slurm
SIZES = "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS"
LOCAL_RANKS = "OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "MV2_COMM_WORLD_LOCAL_RANK", "SLURM_LOCALID"
RANKS = "OMPI_COMM_WORLD_RANK", "PMI_RANK", "MV2_COMM_WORLD_RANK", "SLURM_PROCID"


def launched(names=SIZES):
    """The number of processes that an MPI launcher has started, by the environment; None without one."""
    return next((int(os.environ[name]) for name in names if os.environ.get(name, "").isdigit()), None)


def world(size, timeout=1800.0):
    """The transport of all ``size`` processes. RuntimeError if MPI sees another number of them.

    If some of them never come, this process ends after ``timeout`` seconds.
    """
    watches = "mpi4py.MPI" not in sys.modules and sys.__stderr__ is not None
    if watches:  # MPI's start holds the GIL, so that no thread of Python's could do it
        faulthandler.dump_traceback_later(timeout, exit=True, file=sys.__stderr__)
    try:
        comm = library().COMM_WORLD
    finally:
        if watches:
            faulthandler.cancel_dump_traceback_later()
    if comm.size != size:
        raise RuntimeError(
            f"the launcher started {size} processes, but MPI in this process sees {comm.size}: mpiexec and "
            f"the library that mpi4py loads ({library().Get_library_version().splitlines()[0].strip()}) are "
            "of two MPIs. Use the mpiexec of that library, or install mpi4py for the MPI of the cluster"
        )
    return MPITransport(comm.Dup())


def is_installed() -> bool:
    """Whether mpi4py is there and finds an MPI; looks without initialising it."""
    return importlib.util.find_spec("mpi4py") is not None


def mpiexec() -> list:
    """The launcher of the installed MPI, also for more ranks than cores. FileNotFoundError without one."""
    beside = Path(sys.executable).parent  # where the wheels of MPICH and Open MPI put it
    path = shutil.which("mpiexec", path=os.pathsep.join([str(beside), os.environ.get("PATH", "")]))
    if path is None:
        raise FileNotFoundError("there is no mpiexec: pip install 'mytorch[mpi]', or load the cluster's MPI")
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    open_mpi = "open" in said.lower() and "mpi" in said.lower() and "hydra" not in said.lower()
    return [path, "--oversubscribe"] if open_mpi else [path]
