"""Gradients in buckets, each averaged over the ranks while backward goes on.

A post-accumulate hook puts each gradient into its bucket. A full bucket is all-reduced at once, without
waiting; every later hook looks after those under way, since MPI makes progress only then. The last hook of a
backward waits for all and hands out the averages. Buckets start in the same order on all ranks.

So that hooks run early, ``expect`` finds in the graph of the outputs which operation uses each parameter last
on the way back, and puts the parameter's turn right behind it.
"""

from __future__ import annotations

import math
import time
from itertools import accumulate

import numpy

from ..core.arrays import device_of, xp
from ..core.graph import Leaf, Node, Output, Variable, changed, wrap
from ..ops.layout import address
from .arguments import put
from .collectives import broadcast_from
from .process_group import split
from .reduce_op import ReduceOp
from .work import Future, Work

ALONE = 256 * 1024  # bytes from which a gradient is reduced where it lies, without being copied to a bucket
FIRST = 1024 * 1024  # bytes of the first bucket, so that communication begins early


class GradBucket:
    """A bucket of gradients, as a communication hook sees it."""

    def __init__(self, bucket, index, last):
        self._bucket, self._index, self._last = bucket, index, last

    def index(self) -> int:
        """The number of the bucket: 0 is filled first."""
        return self._index

    def buffer(self):
        """The gradients as one flat tensor."""
        return wrap(self._bucket.buffer)

    def set_buffer(self, tensor) -> None:
        """Take ``tensor``, of the same size, for the gradients."""
        self._bucket.buffer[...] = tensor.array.reshape(-1)

    def gradients(self) -> list:
        """The gradients, views of :meth:`buffer` in the shapes of their parameters."""
        return [wrap(self._bucket.slot(i)) for i in self._bucket.members]

    def parameters(self) -> list:
        """The parameters."""
        return [self._bucket.params[i] for i in self._bucket.members]

    def is_last(self) -> bool:
        """Whether it is the last bucket of this backward."""
        return self._last


class Bucket:
    """Parameters (``members``: their numbers) whose gradients travel together, in one flat ``buffer``."""

    def __init__(self, params, members):
        self.params, self.members = params, members
        first = params[members[0]].array
        ends = list(accumulate(params[i].array.size for i in members))
        self.spans = {i: slice(end - params[i].array.size, end) for i, end in zip(members, ends)}
        self.size, self.dtype, self.like = ends[-1], first.dtype, first
        self.alone = len(members) == 1 and first.nbytes >= ALONE
        self.buffer = None if self.alone else xp(first).zeros(self.size, self.dtype)
        self.slots = {} if self.alone else {i: self.slot(i) for i in members}
        self.work = self.started = None
        self.missing = len(members)

    def slot(self, i):
        """The place of parameter ``i`` in the buffer, in its shape."""
        return self.buffer[self.spans[i]].reshape(self.params[i].array.shape)

    def fill(self, i, array, scale):
        """Put the gradient ``array`` of parameter ``i``, None for zeros, times ``scale`` into the buffer."""
        self.missing -= 1
        if self.alone:
            array = xp(self.like).zeros(self.size, self.dtype) if array is None else array
            self.buffer = xp(array).ascontiguousarray(array).reshape(-1)
            if scale != 1:
                self.buffer *= self.dtype.type(scale)
        elif array is None:
            self.slots[i][...] = 0
        elif scale != 1:
            xp(array).multiply(array, self.dtype.type(scale), out=self.slots[i])
        elif array is not self.slots[i]:
            self.slots[i][...] = array

    def take(self, averages):
        """Take what a communication hook gives for the averages."""
        averages = averages[0] if isinstance(averages, (list, tuple)) else averages
        if averages.array.size != self.size:
            raise RuntimeError(
                f"a communication hook gave {averages.array.size} gradients for a bucket of {self.size}"
            )
        self.buffer[...] = averages.array.reshape(-1)

    def hand_out(self, i, as_view):
        """Make parameter ``i``'s gradient the average in the buffer."""
        p, slot = self.params[i], self.slot(i) if self.alone else self.slots[i]
        grad = p._leaf.grad
        if grad is None:
            p._leaf.grad = wrap(slot if as_view or self.alone else slot.copy())
        elif as_view and not self.alone:
            grad.array = slot
        elif address(grad.array) != address(slot):
            grad.array[...] = slot
        changed(p._leaf.grad)


def assigned(params, order, caps):
    """The buckets of parameters that become ready in ``order``, in the order in which they are full: of one
    dtype and device, up to ``caps`` bytes (in turn; the last is for all further ones); large ones alone.
    """
    buckets, open_ones = [], {}
    for i in order:
        array = params[i].array
        if array.nbytes >= ALONE:
            buckets.append([i])
            continue
        key = array.dtype, device_of(array)
        members, size = open_ones.pop(key, ([], 0))
        members, size = [*members, i], size + array.nbytes
        cap = caps[min(len(buckets), len(caps) - 1)]
        if size >= (cap if buckets or len(caps) > 1 else min(FIRST, cap)):
            buckets.append(members)
        else:
            open_ones[key] = members, size
    buckets += [members for members, _ in open_ones.values()]
    return [Bucket(params, members) for members in buckets]


class Reducer:
    """The buckets of a model, and what of them is under way."""

    def __init__(self, names, params, group, caps, as_view, find_unused):
        self.names, self.params, self.group = names, params, group
        # of its own: nothing else mixes with the buckets
        self.transport = split(group, [list(range(group.size()))], "DistributedDataParallel")
        self.caps, self.as_view, self.find_unused = caps, as_view, find_unused
        self.buckets = assigned(params, range(len(params) - 1, -1, -1), caps)
        self.by_leaf = {p._leaf: i for i, p in enumerate(params)}
        self.hook = self.state = None
        self.scale = 1 / group.size()
        self.sync, self.arranged, self.open = True, False, False
        self.used: frozenset | None = None  # of the graph that is expected
        self.timeline: list | None = None  # (what, start, end) of each bucket and wait, if somebody wants it
        self._reset()
        for i, p in enumerate(params):
            p.register_post_accumulate_grad_hook(lambda _, i=i: self.ready(i))

    def _reset(self):
        self.seen, self.order, self.next = set(), [], 0
        self.map = None  # which parameters some rank uses, and the Work that finds out
        self._bucket_of = {i: bucket for bucket in self.buckets for i in bucket.members}
        for bucket in self.buckets:
            bucket.missing, bucket.work = len(bucket.members), None

    # ---- before a backward -----------------------------------------------------------------------

    def expect(self, outputs) -> None:
        """Prepare for the backward of ``outputs``. RuntimeError if the last one left gradients out."""
        if self.seen:
            missing = [self.names[i] for i in range(len(self.params)) if i not in self.seen]
            raise RuntimeError(
                "Expected to have finished reduction in the prior iteration before starting a new one: the "
                f"last backward gave no gradient to {', '.join(missing[:8])}{' …' * (len(missing) > 8)}, "
                "so not all was averaged. Use find_unused_parameters=True, or make all outputs of forward "
                "part of the loss"
            )
        uses = last_uses(outputs)
        self.used = frozenset(self.by_leaf[leaf] for leaf in uses if leaf in self.by_leaf)
        shared: dict = {}  # operation -> how many parameters have their turn behind it
        for i in self.used:
            leaf = self.params[i]._leaf
            order = uses[leaf]
            if order is None:
                continue
            shared[order] = shared.get(order, 0) + 1
            turn = order + 1 - 1 / (1 + shared[order])  # between the operation and the one before it
            leaf.order = max(leaf.order, turn) if self.open else turn
        self.open = True

    # ---- during a backward -----------------------------------------------------------------------

    def ready(self, i) -> None:
        """The gradient of parameter ``i`` is whole."""
        if not self.sync:
            return
        if i in self.seen:
            raise RuntimeError(
                f"Expected to mark a variable ready only once, but {self.names[i]} got a second gradient "
                "in one backward: it is used outside of forward, or the graph is walked twice before the "
                "gradients were averaged"
            )
        if self.params[i].grad.is_sparse:
            raise NotImplementedError(
                f"DistributedDataParallel: {self.names[i]} got a sparse gradient; use sparse=False"
            )
        if not self.seen:
            self._begin(range(len(self.params)) if self.used is None else self.used)
        self._put(i, self.params[i]._leaf.grad.array)
        self._progress()
        if len(self.seen) == len(self.params):
            self._finish()

    def _put(self, i, array):
        self.seen.add(i)
        self.order.append(i)
        self._bucket_of[i].fill(i, array, 1 if self.hook else self.scale)

    def _begin(self, used):
        """Fill the places of parameters that this rank does not use, and tell all which ones it does."""
        if self.find_unused:
            array = self._numbers([i in used for i in range(len(self.params))])
            self.map = array, self._work(self.transport.all_reduce(array, ReduceOp.MAX), "parameters in use")
            for i in range(len(self.params)):
                if i not in used:
                    self._put(i, None)

    def _numbers(self, values):
        """``values`` as an array that the transport takes."""
        array = numpy.array(values, numpy.int64)
        return array if "cpu" in self.transport.devices else xp(self.params[0].array).asarray(array)

    def _work(self, steps, what):
        return Work(steps, self.group.timeout, f"averaging of {what}", self.transport)

    def _progress(self):
        """Start the buckets that are full, in order, and look after those under way."""
        while self.next < len(self.buckets) and not self.buckets[self.next].missing:
            self._start(self.buckets[self.next], self.next)
            self.next += 1
        for bucket in self.buckets[: self.next]:
            if bucket.started is not None and bucket.work.done():
                self._note(bucket)

    def _start(self, bucket, index):
        bucket.started = time.perf_counter()
        if self.hook is None:
            steps = self.transport.all_reduce(bucket.buffer, ReduceOp.SUM)
            bucket.work = self._work(steps, f"gradients of bucket {index}").get_future()
            return
        future = self.hook(self.state, GradBucket(bucket, index, index == len(self.buckets) - 1))
        if not isinstance(future, Future):
            raise RuntimeError(f"a communication hook returns a Future, but got {type(future).__name__}")
        bucket.work = future.then(lambda future: bucket.take(future.value()))

    def _note(self, bucket):
        if self.timeline is not None:
            what = f"bucket {self.buckets.index(bucket)}"
            self.timeline.append((what, bucket.started, time.perf_counter()))
        bucket.started = None

    # ---- the end of a backward -------------------------------------------------------------------

    def _finish(self, hands_out=True):
        """Wait for all buckets, and hand out the averages."""
        waiting = time.perf_counter()
        for bucket in self.buckets:
            bucket.work.wait()
            if bucket.started is not None:
                self._note(bucket)
        anywhere = None  # which parameters some rank uses; None if all do
        if self.map is not None:
            array, work = self.map
            work.wait()
            anywhere = array.tolist()
        if self.timeline is not None:
            self.timeline.append(("wait", waiting, time.perf_counter()))
        for bucket in self.buckets if hands_out else ():
            for i in bucket.members:
                if anywhere is None or anywhere[i]:
                    bucket.hand_out(i, self.as_view)
            if bucket.alone:
                bucket.buffer = None
        self._arrange()
        self.open = False
        self._reset()

    def _arrange(self):
        """After the first backward: buckets in the order in which gradients became ready on rank 0."""
        if self.arranged:
            return
        self.arranged = True
        array = self._numbers(self.order)
        self._work(self.transport.broadcast(array, 0), "the order").wait()
        kept = [(i, slot.copy()) for b in self.buckets for i, slot in b.slots.items()] if self.as_view else []
        self.buckets = assigned(self.params, array.tolist(), self.caps)
        slots = {i: slot for bucket in self.buckets for i, slot in bucket.slots.items()}
        for i, values in kept:
            if self.params[i]._leaf.grad is not None:
                slots[i][...] = values
                self.params[i]._leaf.grad.array = slots[i]

    def shadow(self) -> None:
        """Take part in the averaging of a backward with zeros, without one of its own."""
        self._begin(frozenset())
        for i in [i for bucket in self.buckets for i in bucket.members if i not in self.seen]:
            self._put(i, None)
        self._progress()
        self._finish(hands_out=False)


def last_uses(outputs) -> dict:
    """{leaf: the order of the oldest operation that uses it; None for an output} of the graph of outputs."""
    uses: dict = {}
    stack: list = []
    for tensor in tensors_in(outputs):
        if type(tensor._node) is Leaf:
            uses[tensor._node] = None
        elif tensor._node is not None:
            stack.append(tensor._node)
    seen = set(stack)
    while stack:
        node = stack.pop()
        is_output = type(node) is Output
        edges, order = ((node.parent,), -math.inf) if is_output else (node.edges, node.order)
        for edge in edges:
            if type(edge) is Leaf:
                if edge not in uses or (uses[edge] is not None and uses[edge] < order):
                    uses[edge] = order
            elif edge not in seen and isinstance(edge, (Node, Output)):
                seen.add(edge)
                stack.append(edge)
    return uses


def tensors_in(value):
    """The tensors in ``value``: containers, and the attributes of other objects."""
    if isinstance(value, Variable):
        yield value
    elif isinstance(value, (dict, list, tuple, set)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from tensors_in(item)
    elif hasattr(value, "__dict__") and not isinstance(value, type):
        yield from tensors_in(vars(value))


def coalesced(tensors, group, source) -> None:
    """Broadcast ``tensors``, alike on all ranks, from ``source``; those of one dtype and device together."""
    kinds: dict = {}
    for t in tensors:
        kinds.setdefault((t.array.dtype, device_of(t.array)), []).append(t)
    for found in kinds.values():
        flat = wrap(xp(found[0].array).concatenate([t.array.reshape(-1) for t in found]))
        broadcast_from(source, flat, group, known=True)
        if group.rank() != source:
            put(found, flat.array)
