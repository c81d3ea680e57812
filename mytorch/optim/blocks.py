"""How parameters are laid out for an update: small ones packed into one flat block, large ones cut into
blocks that fit the L2 cache.

So an update costs a few array operations per block, however many parameters there are. The parameters' own
memory never moves. The state of packed parameters does: it lies in flat arrays, and the tensors in
``optimizer.state`` are views of these.
"""

from __future__ import annotations

import threading
from itertools import chain
from operator import attrgetter, is_

import numpy

from ..core.arrays import device_of, move, xp

# Bytes of one array. A few arrays of this size fit the L2 cache together, and an operation on one takes long
# enough for two threads to overlap.
CPU_BLOCK = 512 * 1024
GPU_BLOCK = 1 << 62  # every operation costs a kernel launch: nothing is cut
# Bytes of parameters and state above which threads pay for the time that it takes to wake them.
THREADED = 10 * 1024 * 1024
SMALL = 64 * 1024  # smaller parameters are packed together, larger ones get a block of their own
array_of = attrgetter("array")


class Scratch(threading.local):
    """Three arrays per thread for the intermediate values of a block, reused from block to block."""

    def __init__(self):
        self.whole, self.parts = {}, {}

    def take(self, like):
        """Three uninitialized flat arrays with the size, dtype and device of ``like``."""
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
    """Small or non-contiguous parameters: gathered into one flat block, and scattered after the update."""

    def __init__(self, batch, members, arrays, states, names):
        first = arrays[members[0]]
        ends = numpy.cumsum([arrays[i].size for i in members]).tolist()
        spans = [(i, slice(end - arrays[i].size, end)) for i, end in zip(members, ends)]
        self.batch, self.members = batch, members
        self.p, self.g = (xp(first).empty(ends[-1], first.dtype) for _ in range(2))
        # views, except of arrays that are not contiguous: those have to be read anew in each step
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
    """A slice of one large parameter: a view, nothing is copied."""

    def __init__(self, batch, member, span, arrays, states, names):
        self.batch, self.member, self.span = batch, member, span
        self.p = arrays[member].reshape(-1)[span]
        self.state = {name: states[member][name].array.reshape(-1)[span] for name in names}

    def gather(self, grads):
        """The parameter's values and gradient as flat arrays."""
        return self.p, grads[self.member].reshape(-1)[self.span]

    def scatter(self):
        """Nothing to do: the update changed the parameter itself."""


class Batch:
    """Parameters whose scalars (such as the step count) are equal, so one set of numbers, ``now``, serves
    all of them.
    """

    def __init__(self, members, states, scalars, fresh):
        self.scalars, self.steps, self.now = {}, 0 if fresh else 1, None
        for name in scalars:
            flat = self.scalars[name] = numpy.array([states[i][name].array for i in members])
            for k, i in enumerate(members):
                states[i][name].array = flat[k : k + 1].reshape(())

    def advance(self):
        """Count a step and return the count. It is kept in the state, or here if the algorithm has none
        there.
        """
        if "step" in self.scalars:
            steps = self.scalars["step"]
            steps += 1
            return steps[0].item()
        self.steps += 1
        return self.steps

    def in_step(self):
        """Whether the scalars are still equal; the user may have changed one."""
        for flat in self.scalars.values():
            values = flat.tolist()
            if values.count(values[0]) != len(values):
                return False
        return True


class Layout:
    """How the parameters of one group are laid out in blocks, for as long as ``holds`` is true."""

    def __init__(self, arrays, states, names, scalars, fresh):
        self.arrays, self.states, self.names = arrays, states, names
        slots = [name for name in names if name not in scalars]
        for array, state in zip(arrays, states):
            for name in slots:
                _follow_parameter(state[name], array)
        # the same array given twice: the updates have to run one after the other
        self.shared = len({id(array) for array in arrays}) < len(arrays)
        self.batches, self.blocks = [], []
        for (_, device, is_fresh, _), members in _in_step(arrays, states, scalars, fresh).items():
            batch = Batch(members, states, scalars, is_fresh)
            self.batches.append(batch)
            limit = CPU_BLOCK if device.type == "cpu" else GPU_BLOCK
            self.blocks += self.__blocks(batch, members, limit, slots)
        # bytes of parameters and state in the CPU's memory
        cpu_bytes = sum(block.p.nbytes for block in self.blocks if type(block.p) is numpy.ndarray)
        self.size = cpu_bytes * (1 + len(slots))
        self.tensors = [state[name] for state in states for name in names]
        self.held = [tensor.array for tensor in self.tensors]
        self.values = list(chain.from_iterable(map(dict.values, states)))

    def __blocks(self, batch, members, limit, slots):
        """The blocks of the parameters ``members``, each of at most ``limit`` bytes."""
        arrays, states = self.arrays, self.states
        blocks, pack, size = [], [], 0
        for i in members:
            array = arrays[i]
            if array.nbytes >= SMALL and array.flags.c_contiguous:
                length = limit // array.itemsize
                spans = (slice(start, start + length) for start in range(0, array.size, length))
                blocks += [Part(batch, i, span, arrays, states, slots) for span in spans]
                continue
            if pack and (size + array.nbytes > limit or self.shared):
                blocks.append(Packed(batch, pack, arrays, states, slots))
                pack, size = [], 0
            pack.append(i)
            size += array.nbytes
        if len(pack) == 1 and arrays[pack[0]].flags.c_contiguous:
            blocks.append(Part(batch, pack[0], slice(None), arrays, states, slots))
        elif pack:
            blocks.append(Packed(batch, pack, arrays, states, slots))
        return blocks

    def holds(self, params, arrays, state, names):
        """Whether the parameters, their arrays and their state are still the same objects."""
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


def _follow_parameter(tensor, array):
    """Give the state ``tensor`` the dtype and device of its parameter's ``array``, as after model.half()."""
    old = tensor.array
    if old.dtype != array.dtype or device_of(old) != device_of(array) or not old.flags.c_contiguous:
        tensor.array = xp(array).ascontiguousarray(move(old, device_of(array)).astype(array.dtype))


def _in_step(arrays, states, scalars, fresh):
    """The numbers of the parameters, grouped by (dtype, device, whether the state is new, scalars)."""
    groups = {}
    for i, (array, state) in enumerate(zip(arrays, states)):
        values = tuple((state[name].array.dtype, state[name].array.item()) for name in scalars)
        groups.setdefault((array.dtype, device_of(array), fresh[i], values), []).append(i)
    return groups
