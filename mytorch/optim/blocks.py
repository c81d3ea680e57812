"""Parameters laid out for their update: small ones packed into one flat block, large ones cut into blocks
that fit the L2 cache.

So an update is a few array operations per block, however many parameters there are. The parameters' own
memory never moves. Their state does: the state of packed parameters lies in flat arrays, of which the tensors
in ``optimizer.state`` are views.
"""

from __future__ import annotations

import threading
from itertools import chain
from operator import attrgetter, is_

import numpy

from ..core.arrays import device_of, move, xp

# bytes of one array: a few of them share the L2 cache, and an operation is long enough for two threads to run
# side by side
CPU_BLOCK = 512 * 1024
GPU_BLOCK = 1 << 62  # there every operation costs a launch: nothing is cut
# bytes of parameters and their state from which two threads beat one, which are to be woken first
THREADED = 10 * 1024 * 1024
SMALL = 64 * 1024  # bytes from which a parameter is worth a block of its own
array_of = attrgetter("array")


class Scratch(threading.local):
    """Three arrays for the intermediate values of one block, kept by each thread from block to block."""

    def __init__(self):
        self.whole, self.parts = {}, {}

    def take(self, like):
        """Three flat arrays, as long and of the same kind as ``like``, with anything in them."""
        if like.nbytes > CPU_BLOCK:
            return [xp(like).empty_like(like) for _ in range(3)]
        key = (like.size, like.dtype, None if type(like) is numpy.ndarray else device_of(like))
        parts = self.parts.get(key)
        if parts is None:
            whole = self.whole.get(key[1:])
            if whole is None:
                whole = self.whole[key[1:]] = [
                    xp(like).empty(CPU_BLOCK // like.itemsize, like.dtype) for _ in range(3)
                ]
            parts = self.parts[key] = [a[: like.size] for a in whole]
        return parts


scratch = Scratch()


class Packed:
    """Small (or not contiguous) parameters, gathered into one flat block and scattered again."""

    def __init__(self, batch, members, arrays, states, names):
        first = arrays[members[0]]
        ends = numpy.cumsum([arrays[i].size for i in members]).tolist()
        spans = [(i, slice(end - arrays[i].size, end)) for i, end in zip(members, ends)]
        self.batch, self.members = batch, members
        self.p, self.g = (xp(first).empty(ends[-1], first.dtype) for _ in range(2))
        # views, but of arrays that are not contiguous
        self.sources = [arrays[i].reshape(-1) for i in members]
        self.copies = not all(arrays[i].flags.c_contiguous for i in members)
        self.pairs = [(arrays[i], self.p[span].reshape(arrays[i].shape)) for i, span in spans]
        self.state = {}
        for name in names:
            flat = self.state[name] = xp(first).empty(ends[-1], first.dtype)
            for i, span in spans:
                tensor = states[i][name]
                flat[span] = move(tensor.array, device_of(first)).reshape(-1)
                tensor.array = flat[span].reshape(arrays[i].shape)

    def gather(self, grads):
        """The parameters and their gradients as flat arrays."""
        concatenate = xp(self.p).concatenate
        sources = [array.reshape(-1) for array, _ in self.pairs] if self.copies else self.sources
        concatenate(sources, out=self.p)
        concatenate([grads[i].reshape(-1) for i in self.members], out=self.g)
        return self.p, self.g

    def scatter(self):
        """Write the new values into the parameters."""
        for array, new in self.pairs:
            array[...] = new


class Part:
    """A stretch of one large parameter: views, nothing is copied."""

    def __init__(self, batch, member, span, arrays, states, names):
        self.batch, self.member, self.span = batch, member, span
        self.p = arrays[member].reshape(-1)[span]
        self.state = {name: states[member][name].array.reshape(-1)[span] for name in names}

    def gather(self, grads):
        """The parameter's values and gradient as flat arrays."""
        return self.p, grads[self.member].reshape(-1)[self.span]

    def scatter(self):
        """The values are where they belong."""


class Batch:
    """Parameters in step with each other: their scalars (the step count, …) are equal, so that one set of
    numbers, ``now``, serves all.
    """

    def __init__(self, members, states, scalars, fresh):
        self.scalars, self.steps, self.now = {}, 0 if fresh else 1, None
        for name in scalars:
            flat = self.scalars[name] = numpy.array([states[i][name].array for i in members])
            for k, i in enumerate(members):
                states[i][name].array = flat[k : k + 1].reshape(())

    def advance(self):
        """Count a step and return the count; kept here for an algorithm that has none in its state."""
        if "step" in self.scalars:
            steps = self.scalars["step"]
            steps += 1
            return steps[0].item()
        self.steps += 1
        return self.steps

    def in_step(self):
        """Whether the scalars still are equal; the user may have changed one."""
        for flat in self.scalars.values():
            values = flat.tolist()
            if values.count(values[0]) != len(values):
                return False
        return True


class Plan:
    """How the parameters of one group are updated, for as long as ``holds`` says that nothing has changed."""

    def __init__(self, arrays, states, names, scalars, fresh):
        self.arrays, self.states, self.names = arrays, states, names
        self.batches, self.blocks = [], []
        slots = [name for name in names if name not in scalars]
        steps = {}
        for i, (array, state) in enumerate(zip(arrays, states)):
            for name in slots:  # state follows its parameter, as after model.half()
                tensor = state[name]
                if (
                    tensor.array.dtype != array.dtype
                    or device_of(tensor.array) != device_of(array)
                    or not tensor.array.flags.c_contiguous
                ):
                    tensor.array = xp(array).ascontiguousarray(
                        move(tensor.array, device_of(array)).astype(array.dtype)
                    )
            values = tuple((state[name].array.dtype, state[name].array.item()) for name in scalars)
            steps.setdefault((array.dtype, device_of(array), fresh[i], values), []).append(i)
        # one after another, each sees the update before it
        self.shared = len({id(array) for array in arrays}) < len(arrays)
        for (_, place, is_fresh, _), members in steps.items():
            batch = Batch(members, states, scalars, is_fresh)
            self.batches.append(batch)
            limit = CPU_BLOCK if place.type == "cpu" else GPU_BLOCK
            pack, size = [], 0
            for i in members:
                array = arrays[i]
                if array.nbytes >= SMALL and array.flags.c_contiguous:
                    length = limit // array.itemsize
                    self.blocks += [
                        Part(batch, i, slice(a, a + length), arrays, states, slots)
                        for a in range(0, array.size, length)
                    ]
                    continue
                if pack and (size + array.nbytes > limit or self.shared):
                    self.blocks.append(Packed(batch, pack, arrays, states, slots))
                    pack, size = [], 0
                pack.append(i)
                size += array.nbytes
            if len(pack) == 1 and arrays[pack[0]].flags.c_contiguous:
                self.blocks.append(Part(batch, pack[0], slice(None), arrays, states, slots))
            elif pack:
                self.blocks.append(Packed(batch, pack, arrays, states, slots))
        # bytes of parameters and their state in memory of the CPU
        self.size = sum(block.p.nbytes for block in self.blocks if type(block.p) is numpy.ndarray) * (
            1 + len(slots)
        )
        self.tensors = [state[name] for state in states for name in names]
        self.held = [tensor.array for tensor in self.tensors]
        self.values = list(chain.from_iterable(map(dict.values, states)))

    def holds(self, params, arrays, state, names):
        """Whether these are still the same parameters with the same arrays and the same state."""
        if len(arrays) != len(self.arrays) or names != self.names or not all(map(is_, arrays, self.arrays)):
            return False
        if not names:
            return True
        values = list(chain.from_iterable(map(dict.values, self.states)))
        return (
            all(map(is_, map(state.get, params), self.states))
            and len(values) == len(self.values)
            and all(map(is_, values, self.values))
            and all(map(is_, map(array_of, self.tensors), self.held))
            and all(batch.in_step() for batch in self.batches)
        )
