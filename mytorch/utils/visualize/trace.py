"""Which module recorded which node: hooks read the graph's clock when a module's forward begins and ends."""

from __future__ import annotations

from bisect import bisect_right
from contextlib import ExitStack

from ...core.graph import now


class Call:
    """One call of a module's forward."""

    def __init__(self, path, module, parent, number):
        self.path, self.module, self.parent, self.number = path, module, parent, number
        self.depth = 0 if parent is None else parent.depth + 1

    def __str__(self):
        name = f"{self.path}: {type(self.module).__name__}" if self.path else type(self.module).__name__
        return name if self.number == 1 else f"{name} (call {self.number})"

    __repr__ = __str__


class Trace:
    """Record which module of ``model`` makes which nodes of the graph::

        with Trace(model) as trace:
            loss = loss_function(model(x), y)
        explain(loss, trace)

    ``calls`` are the calls of all modules in the order in which they began. ``place(node)`` is the innermost
    call that recorded ``node``, None outside of the model. ``names`` maps the leaves of the graph to the
    names of the parameters. The hooks are removed at the end of the block.
    """

    def __init__(self, model):
        self.model, self.calls = model, []
        self.names = parameter_names(model)
        self._ticks, self._innermost, self._current, self._counts = [], [], None, {}

    def __enter__(self):
        with ExitStack() as hooks:
            for path, module in self.model.named_modules():
                enter = module.register_forward_pre_hook(
                    lambda *_, path=path, module=module: self._enter(path, module), prepend=True
                )
                leave = module.register_forward_hook(
                    lambda *run: self._leave(*run), with_kwargs=True, always_call=True
                )
                hooks.callback(enter.remove)
                hooks.callback(leave.remove)
            self._hooks = hooks.pop_all()
        return self

    def __exit__(self, *exc_info):
        self._hooks.close()

    def _enter(self, path, module):
        self._counts[path] = number = self._counts.get(path, 0) + 1
        call = Call(path, module, self._current, number)
        self.calls.append(call)
        self._note(call)

    def _leave(self, module, args, kwargs, output):
        self.left(self._current, args, kwargs, output)
        self._note(self._current.parent)

    def _note(self, call):
        """Let the nodes that follow belong to ``call``."""
        self._current = call
        self._ticks.append(-now())  # the clock counts down
        self._innermost.append(call)

    def left(self, call, args, kwargs, output):
        """Called at the end of a call; for subclasses."""

    def place(self, node):
        """The innermost call that recorded ``node`` of the graph, or None."""
        i = bisect_right(self._ticks, -node.order)
        return self._innermost[i - 1] if i else None


def parameter_names(model):
    """{leaf of the graph: name} of the parameters that require a gradient."""
    return {p._node: name for name, p in model.named_parameters() if p.requires_grad}
