"""A stand-in for CuPy's NCCL and streams, beside that of ``tests/stand_in.py``: its communicators talk over
MPI.

It takes the arguments that CuPy documents (pointers, counts, NCCL's dtypes and operations, a stream's
pointer) and nothing else. What is put on a stream happens only when somebody waits for an event behind it: a
result that is read without waiting is wrong, as on a GPU.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import types

import numpy

from mytorch.distributed import mpi
from tests import stand_in

KINDS = "INT8 UINT8 INT32 UINT32 INT64 UINT64 FLOAT16 FLOAT32 FLOAT64".split()
OPS = "SUM PROD MAX MIN".split()
_pointers = itertools.count(1)
streams: dict = {}  # pointer -> Stream
_group: list | None = None  # calls between groupStart and groupEnd


class Stream:
    def __init__(self, null=False, non_blocking=False, ptds=False):
        self.ptr, self.todo = 0 if null else next(_pointers), []
        streams[self.ptr] = self

    def record(self, event=None):
        event = event or Event()
        event.behind = self, len(self.todo)
        return event

    def wait_event(self, event):
        assert isinstance(event, Event)
        self.todo.append(event.happen)
        if self.ptr == 0:  # the stream on which arrays are read
            self.run()

    def run(self):
        while self.todo:
            self.todo.pop(0)()


class Event:
    def __init__(self, block=False, disable_timing=False, interprocess=False):
        self.behind = None

    def happen(self):
        self.behind[0].run()

    @property
    def done(self):
        return not self.behind[0].todo


NULL = Stream(null=True)


def at(pointer, count, kind):
    """The memory at ``pointer``."""
    assert type(pointer) is int and type(count) is int and type(kind) is int
    dtype = numpy.dtype(KINDS[kind].lower())
    memory = (ctypes.c_byte * (count * dtype.itemsize)).from_address(pointer)
    return numpy.frombuffer(memory, dtype)


def queue(stream, call):
    """Put ``call`` on the stream of this pointer, or into the group that is open."""
    assert type(stream) is int and stream in streams
    if _group is None:
        streams[stream].todo.append(call)
    else:
        _group.append((stream, call))


class NcclCommunicator:
    def __init__(self, ndev, commId, rank):
        assert type(commId) is tuple and len(commId) == 128 and all(type(c) is int for c in commId)
        self.mpi = mpi.library()
        self.comm = self.mpi.COMM_WORLD.Split(int(numpy.abs(commId).sum()), rank)
        assert (self.comm.size, self.comm.rank) == (ndev, rank)

    def _op(self, op):
        return getattr(self.mpi, OPS[op])

    def allReduce(self, sendbuf, recvbuf, count, datatype, op, stream):
        self.reduce(sendbuf, recvbuf, count, datatype, op, 0, stream)
        self.broadcast(recvbuf, recvbuf, count, datatype, 0, stream)

    def reduce(self, sendbuf, recvbuf, count, datatype, op, root, stream):
        def call():
            source = at(sendbuf, count, datatype)
            half = source.dtype == numpy.float16
            own = source.astype(numpy.float32) if half else source.copy()
            total = numpy.empty_like(own)
            self.comm.Reduce(own, total, self._op(op), root)
            if self.comm.rank == root:
                at(recvbuf, count, datatype)[...] = total

        queue(stream, call)

    def broadcast(self, sendbuff, recvbuff, count, datatype, root, stream):
        def call():
            values = at(sendbuff, count, datatype).copy()
            self.comm.Bcast(values.view(numpy.uint8), root)
            at(recvbuff, count, datatype)[...] = values

        queue(stream, call)

    def allGather(self, sendbuf, recvbuf, count, datatype, stream):
        def call():
            own = at(sendbuf, count, datatype).copy()
            whole = numpy.empty(count * self.comm.size, own.dtype)
            self.comm.Allgather(own.view(numpy.uint8), whole.view(numpy.uint8))
            at(recvbuf, whole.size, datatype)[...] = whole

        queue(stream, call)

    def reduceScatter(self, sendbuf, recvbuf, recvcount, datatype, op, stream):
        def call():
            whole = at(sendbuf, recvcount * self.comm.size, datatype).copy()
            wide = whole.astype(numpy.float32) if whole.dtype == numpy.float16 else whole
            own = numpy.empty(recvcount, wide.dtype)
            self.comm.Reduce_scatter_block(wide, own, self._op(op))
            at(recvbuf, recvcount, datatype)[...] = own

        queue(stream, call)

    def send(self, sendbuf, count, datatype, peer, stream):
        def call():
            return self.comm.Isend(at(sendbuf, count, datatype).copy().view(numpy.uint8), peer)

        queue(stream, call if _group is not None else lambda: call().Wait())

    def recv(self, recvbuf, count, datatype, peer, stream):
        def call():
            return self.comm.Irecv(at(recvbuf, count, datatype).view(numpy.uint8), peer)

        queue(stream, call if _group is not None else lambda: call().Wait())

    def destroy(self):
        self.comm.Free()


def groupStart():
    global _group
    assert _group is None
    _group = []


def groupEnd():
    global _group
    calls, _group = _group, None

    def together():
        for request in [call() for _, call in calls]:
            request.Wait()

    for stream in {stream for stream, _ in calls}:
        queue(stream, together)


def get_unique_id():
    _ids.append(len(_ids) + 1)
    return (*(0 for _ in range(127)), _ids[-1] % 127)


_ids: list = []


@contextlib.contextmanager
def installed():
    """CuPy's stand-in with NCCL, within a ``with`` block."""
    names = {f"NCCL_{name}": i for names in (KINDS, OPS) for i, name in enumerate(names)}
    nccl = types.SimpleNamespace(
        available=True,
        NcclCommunicator=NcclCommunicator,
        groupStart=groupStart,
        groupEnd=groupEnd,
        get_unique_id=get_unique_id,
        **names,
    )
    with stand_in.installed() as cupy:
        added = {"nccl": nccl, "Stream": Stream, "Event": Event, "get_current_stream": lambda: NULL}
        vars(cupy.cuda).update(added)
        try:
            yield cupy
        finally:
            for name in added:
                delattr(cupy.cuda, name)
