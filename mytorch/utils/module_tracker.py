"""``torch.utils.module_tracker``: in which modules the program is, forward and backward."""

from __future__ import annotations

import weakref

from ..core.walk import Walk
from ..nn.hooks import register_module_forward_hook, register_module_forward_pre_hook
from ..ops.interpose import interpose
from ..tensors.tensor import Tensor
from ._pytree import tree_leaves


class ModuleTracker:
    """A context manager whose ``parents`` are the paths of the modules that the program is in.

    A path begins with the class of the module that was called from outside: ``"Net.encoder.linear"``. In a
    backward pass they are the modules whose gradients are computed. ``"Global"`` is always among them.
    """

    def __init__(self):
        self.parents = {"Global"}
        self._paths = weakref.WeakKeyDictionary()  # module -> its path, the same from the first call on
        self._walks, self._ends = 0, []

    @property
    def is_bw(self):
        """Whether a backward pass runs."""
        return self._walks > 0

    def __enter__(self):
        self._ends = [
            register_module_forward_pre_hook(self._before).remove,
            register_module_forward_hook(self._after, always_call=True).remove,
            interpose(Walk.run, self._walk),
        ]
        return self

    def __exit__(self, *exc_info):
        while self._ends:
            self._ends.pop()()
        self.parents = {"Global"}

    def _path(self, module):
        if module not in self._paths:
            first = type(module).__name__
            for path, inner in module.named_modules():
                self._paths.setdefault(inner, f"{first}.{path}" if path else first)
        return self._paths[module]

    def _before(self, module, args):
        path = self._path(module)
        self.parents.add(path)
        inputs = _with_gradients(args)
        waiting: set = set()  # inputs whose gradients the pass has not reached yet

        def reached(i):
            if not waiting:
                waiting.update(range(len(inputs)))
            waiting.discard(i)
            if not waiting:
                self.parents.discard(path)

        self._ends += [x.register_hook(lambda g, i=i: reached(i)).remove for i, x in enumerate(inputs)]

    def _after(self, module, args, output):
        path = self._path(module)
        self.parents.discard(path)
        for x in _with_gradients(output):
            self._ends.append(x.register_hook(lambda g: self.parents.add(path)).remove)

    def _walk(self, run, args, kwargs):
        self._walks += 1
        try:
            return run(*args, **kwargs)
        finally:
            self._walks -= 1
            self.parents = {"Global"}


def _with_gradients(values):
    return [x for x in tree_leaves(values) if isinstance(x, Tensor) and x.requires_grad]
