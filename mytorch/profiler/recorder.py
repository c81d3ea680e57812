"""What is put into the framework while a profile runs, and taken away when it ends (``ops/interpose.py``)."""

from __future__ import annotations

import contextlib
import functools
import math
import os
import sys
import threading
import tracemalloc
from bisect import bisect_right
from time import perf_counter_ns

from ..autograd.function import Function
from ..core.graph import Leaf, now
from ..core.primitive import Primitive, primitives
from ..core.walk import Walk
from ..nn.hooks import HookedCall
from ..ops.interpose import HIDDEN, interpose
from ..optim.step_hooks import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from ..utils.data.epoch import Epoch
from .events import FunctionEvent

_HERE = os.path.dirname(__file__)


class Recorder:
    """The events of the thread that called ``install``, until ``uninstall``.

    gpu: the cupy module, if the time on a GPU is wanted. limit: after so many events it takes itself away.
    """

    active: Recorder | None = None

    def __init__(self, *, shapes=False, memory=False, stacks=False, modules=True, gpu=None, limit=math.inf):
        self.shapes, self.memory, self.stacks, self.modules = shapes, memory, stacks, modules
        self.gpu, self.limit = gpu, limit
        self.roots, self.paths, self.leaves = {}, {}, {}  # modules and parameters -> paths of modules
        self.steps, self.own_memory = [], 0  # open steps of optimizers; bytes that the events themselves take
        self.events, self.ticks, self.open = [], [], []  # ticks: the graph's clock when an event began

    def install(self):
        """Begin. RuntimeError if another recorder is at work."""
        if Recorder.active is not None:
            raise RuntimeError("Profiler is already enabled: one profile at a time")
        Recorder.active, self.thread, self.undo = self, threading.get_ident(), contextlib.ExitStack()
        if self.memory and not tracemalloc.is_tracing():
            tracemalloc.start()
            self.undo.callback(tracemalloc.stop)
        for op in list(primitives.values()):
            self._watch(op.function, functools.partial(_operation, op))
        self.undo.callback(interpose(Primitive.as_function, self._new_operation))
        self._watch(Function.apply.__func__, lambda args, kwargs: (args[0].__name__, "op", args[1:]))
        self._watch(Walk.run, lambda args, kwargs: ("backward", "backward"))
        self._watch(Walk.gradients_of, self._node)
        self._watch(Walk.finish, self._leaf)
        self._watch(Epoch.__next__, lambda args, kwargs: ("DataLoader.__next__", "data"))
        if self.modules:
            self._watch(HookedCall.__call__, self._module)
        self.undo.callback(register_optimizer_step_pre_hook(self._before_step).remove)
        self.undo.callback(register_optimizer_step_post_hook(self._after_step).remove)

    def clear(self):
        """Forget all events. What is still open ends now."""
        if self.open:
            self.leave(self.open[0])
        self.events, self.ticks = [], []

    def uninstall(self):
        """End: every function is as it was. What is still open ends now."""
        if Recorder.active is not self:
            return
        if self.open:
            self.leave(self.open[0])
        Recorder.active = None
        self.undo.close()
        for event in self.events:
            event.charge("cpu_time_total", (event.end - event.start) / 1000)
            if self.memory:
                event.charge("cpu_memory_usage", event.memory)
            if self.gpu is not None:
                event.marks[1].synchronize()
                event.charge("device_time_total", 1000 * self.gpu.cuda.get_elapsed_time(*event.marks))

    def _watch(self, function, describe):
        """Each call of ``function`` is an event; ``describe(args, kwargs)`` gives its name, kind, …"""

        def around(original, args, kwargs):
            if threading.get_ident() != self.thread or (described := describe(args, kwargs)) is None:
                return original(*args, **kwargs)
            event = self.enter(*described)
            try:
                return original(*args, **kwargs)
            finally:
                self.leave(event)

        self.undo.callback(interpose(function, around))

    def _new_operation(self, original, args, kwargs):
        """An operation that is made while the profile runs, as when a module is imported late."""
        function = original(*args, **kwargs)
        self._watch(function, functools.partial(_operation, args[0]))
        return function

    # ---- events ------------------------------------------------------------------------------------

    def enter(self, name, kind, inputs=(), module=None, forward=None):
        """A new event inside of the innermost one that is open; None in another thread or after the end."""
        if Recorder.active is not self or threading.get_ident() != self.thread:
            return None
        if len(self.events) >= self.limit:
            return self.uninstall()
        before = self._bytes()
        event = FunctionEvent(name, kind, self.open[-1] if self.open else None, module, forward)
        if self.shapes:
            event.input_shapes = _shapes(inputs)
        if self.stacks:
            event.stack = _stack() if forward is None else forward.stack
        self.events.append(event)
        self.ticks.append(-now())  # the clock counts down
        self.open.append(event)
        self.own_memory += self._bytes() - before
        event.memory = -self._bytes()
        event.marks = self._mark(), None
        event.start = perf_counter_ns()
        return event

    def leave(self, event):
        """End ``event``, and whatever is open inside of it after an exception."""
        end = perf_counter_ns()
        while event is not None and event.end is None:
            last = self.open.pop()
            last.end, last.memory, last.marks = (
                end,
                last.memory + self._bytes(),
                (last.marks[0], self._mark()),
            )

    def _bytes(self):
        """The memory that is allocated, without that of events."""
        return tracemalloc.get_traced_memory()[0] - self.own_memory if self.memory else 0

    def _mark(self):
        """A point of time in the work of the GPU."""
        mark = self.gpu and self.gpu.cuda.Event()
        if mark is not None:
            mark.record()
        return mark

    # ---- what a call is ----------------------------------------------------------------------------

    def _before_step(self, optimizer, args, kwargs):
        name = type(optimizer).__name__
        self.steps.append(self.enter(f"Optimizer.step#{name}.step", "optimizer"))

    def _after_step(self, optimizer, args, kwargs):
        if self.steps:  # the profile may have begun within the step
            self.leave(self.steps.pop())

    def _node(self, args, kwargs):
        """A node's backward belongs to the module that recorded the node."""
        _, node, g = args
        i = bisect_right(self.ticks, -node.order)  # the event that had begun last when the node was made
        forward = self.events[i - 1] if i else None
        return node.plan.name, "node", (g,), forward and forward.module, forward

    def _leaf(self, args, kwargs):
        return "AccumulateGrad", "node", args[2:3], self.leaves.get(args[1].order, "")

    def _module(self, args, kwargs):
        module, around = args[0], self.open[-1].module if self.open else ""
        if not around:
            self.paths = self._paths_in(module)
        name = type(module).__name__
        return f"nn.Module: {name}", "module", args[1:], self.paths.get(id(module)) or f"{around}.{name}"

    def _paths_in(self, root):
        """{id: path} of the modules inside of ``root``; a path begins with the class of ``root``."""
        if id(root) in self.roots:
            return self.roots[id(root)][1]
        first, lasting = type(root).__name__, next(root.parameters(), None) is not None
        number = 1 + sum(type(other) is type(root) for other, _ in self.roots.values())
        if lasting and number > 1:
            first += f"#{number}"
        paths = {id(m): f"{first}.{path}" if path else first for path, m in root.named_modules()}
        if lasting:  # holds the module, so that its id stays its own; a loss may be made anew in each step
            self.roots[id(root)] = root, paths
        for module in root.modules():
            for p in module._parameters.values():
                if p is not None and type(p._node) is Leaf:
                    self.leaves[p._node.order] = paths[id(module)]
        return paths


def _operation(op, args, kwargs):
    return None if "out" in kwargs else (op.name, "op", args)  # with ``out=`` the operation is called again


def _shapes(inputs):
    """The shapes of tensors and arrays, of each one in a list; [] for anything else."""
    return [
        list(x.shape) if hasattr(x, "shape") else _shapes(x) if isinstance(x, (tuple, list)) else []
        for x in inputs
    ]


def _stack():
    """The lines that led here, the innermost first."""
    frame, lines = sys._getframe(1), []
    while frame is not None:
        file = frame.f_code.co_filename
        if file not in (HIDDEN, interpose.__code__.co_filename) and os.path.dirname(file) != _HERE:
            lines.append(f"{file}({frame.f_lineno}): {frame.f_code.co_name}")
        frame = frame.f_back
    return lines


def _after_fork_in_child():
    """A worker of a DataLoader records nothing."""
    if Recorder.active is not None:
        Recorder.active.undo.close()
        Recorder.active = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
