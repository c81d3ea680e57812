"""The transport over NCCL, by CuPy: one GPU per process, which find each other over MPI.

Collectives run on a stream of their own, which first waits for the current one; so a backward goes on while
gradients travel. Waiting for one of them lets the current stream wait, not the process.
"""

from __future__ import annotations

from itertools import accumulate
from types import SimpleNamespace

import numpy

from ..core.arrays import cuda_is_available, cupy
from .reduce_op import ReduceOp, library_name
from .transport import Transport
from .work import Work

OPS = ReduceOp.SUM, ReduceOp.PRODUCT, ReduceOp.MIN, ReduceOp.MAX
KINDS = "float16 float32 float64 int8 uint8 int32 uint32 int64 uint64".split()
PARTS = {"complex64": "float32", "complex128": "float64"}


def is_available() -> bool:
    """Whether CuPy sees a GPU and has NCCL."""
    return cuda_is_available() and bool(getattr(cupy().cuda.nccl, "available", True))


class NCCLTransport(Transport):
    """A group on an NCCL communicator; ``rendezvous`` is a transport over MPI (or alone) of that group."""

    devices = ("cuda",)

    def __init__(self, rendezvous, device, timeout):
        self.rendezvous, self.device, self.timeout = rendezvous, device, timeout
        self.rank, self.size, self.local = rendezvous.rank, rendezvous.size, rendezvous.local
        self.gpu, self.nccl = cupy(), cupy().cuda.nccl
        with self.gpu.cuda.Device(device):
            self.comm = self.nccl.NcclCommunicator(self.size, self._unique_id(), self.rank)
            self.stream = self.gpu.cuda.Stream(non_blocking=True)

    @property
    def control(self):
        return self.rendezvous

    def _unique_id(self):
        """NCCL's name of the group, which rank 0 makes and tells the others."""
        numbers = numpy.zeros(128, numpy.int8)
        if self.rank == 0:
            made = numpy.array(self.nccl.get_unique_id(), numpy.int8)
            numbers[: made.size] = made
        Work(self.rendezvous.broadcast(numbers, 0), self.timeout, "joining over NCCL", self.rendezvous).wait()
        return tuple(numbers.tolist())

    def _kind(self, array, sums=False):
        """(count, NCCL's dtype). Moving needs only an element's size; complex numbers sum by their parts."""
        name = array.dtype.name
        part = PARTS.get(name, name)
        if part in KINDS:
            return array.size * (1 + (name in PARTS)), getattr(self.nccl, f"NCCL_{part.upper()}")
        if sums and name != "bool":
            raise RuntimeError(f"NCCL does not add {name} numbers; convert the tensor first")
        return array.nbytes, self.nccl.NCCL_UINT8

    def _op(self, array, op):
        if op not in OPS:
            raise RuntimeError(f"NCCL has no ReduceOp.{op.name}; use a group of backend 'mpi'")
        return getattr(self.nccl, f"NCCL_{library_name(op, array.dtype)}")

    def _run(self, call, *arguments):
        """``call(*arguments, stream)`` after what the current stream has to do; the request,
        whose ``order()`` lets the stream that is current then wait for it.
        """
        current = self.gpu.cuda.get_current_stream
        self.stream.wait_event(current().record())
        call(*arguments, self.stream.ptr)
        event = self.stream.record()
        return SimpleNamespace(Test=lambda: event.done, order=lambda: current().wait_event(event))

    def _move(self, call, out, array, *settings, op=None):
        """NCCL's ``call`` from ``array`` to ``out``, the one with fewer elements says how many."""
        few = min(out, array, key=lambda a: a.size)
        how = self._kind(few, sums=op is not None)
        how = how if op is None else (*how, self._op(array, op))
        return self._run(call, array.data.ptr, out.data.ptr, *how, *settings)

    def all_reduce(self, array, op):
        yield self._move(self.comm.allReduce, array, array, op=op)

    def reduce(self, array, root, op):
        yield self._move(self.comm.reduce, array, array, root, op=op)

    def broadcast(self, array, root):
        yield self._move(self.comm.broadcast, array, array, root)

    def all_gather(self, out, array, counts):
        if len(set(counts)) == 1:
            yield self._move(self.comm.allGather, out, array)
        else:
            yield from self._exchange([array.reshape(-1)] * self.size, _parts(out, counts))

    def gather(self, out, array, root):
        n = array.size
        sent = [array.reshape(-1) if r == root else None for r in range(self.size)]
        yield from self._exchange(sent, [None] * self.size if out is None else _parts(out, [n] * self.size))

    def scatter(self, out, array, root):
        n = out.size
        sent = [None] * self.size if array is None else _parts(array, [n] * self.size)
        yield from self._exchange(sent, [out.reshape(-1) if r == root else None for r in range(self.size)])

    def reduce_scatter(self, out, array, op):
        yield self._move(self.comm.reduceScatter, out, array, op=op)

    def all_to_all(self, out, array, received, sent):
        yield from self._exchange(_parts(array, sent), _parts(out, received))

    def _exchange(self, sent, received):
        """Send and receive a piece (or None) to and from each rank, all at once."""

        def pieces(stream):
            self.nccl.groupStart()
            for rank, (piece, place) in enumerate(zip(sent, received)):
                if piece is not None and piece.size:
                    self.comm.send(piece.data.ptr, *self._kind(piece), rank, stream)
                if place is not None and place.size:
                    self.comm.recv(place.data.ptr, *self._kind(place), rank, stream)
            self.nccl.groupEnd()

        yield self._run(pieces)

    def send(self, array, to, tag):
        yield self._run(self.comm.send, array.data.ptr, *self._kind(array), to)

    def receive(self, array, source, tag):
        if source is None:
            raise ValueError("NCCL receives from a rank that is named, not from any: give src")
        yield self._run(self.comm.recv, array.data.ptr, *self._kind(array), source)
        return source

    def barrier(self):
        yield from self.rendezvous.barrier()

    def split(self, parts):
        part = self.rendezvous.split(parts)
        return None if part is None else NCCLTransport(part, self.device, self.timeout)

    def close(self):
        self.comm.destroy()
        self.rendezvous.close()

    def abort(self, code):
        self.rendezvous.abort(code)


def _parts(flat, counts):
    """``flat`` cut into pieces of ``counts`` elements."""
    ends = list(accumulate(counts))
    return [flat[end - n : end] for n, end in zip(counts, ends)]


def connect(rendezvous, device, timeout):
    """The transport over NCCL of the processes of ``rendezvous``, on GPU ``device`` (by default the current
    one, or that of the rank on its machine).
    """
    gpu = cupy()
    if device is None:
        device = gpu.cuda.Device().id or rendezvous.local[0] % gpu.cuda.runtime.getDeviceCount()
    gpu.cuda.Device(device).use()
    return NCCLTransport(rendezvous, device, timeout)
