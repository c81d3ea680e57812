"""Checkpointing: part of a model saves no values for backward, but is computed again in backward.

The graph of the part is recorded as always, then the saved values of its nodes are dropped. The first node
that backward reaches runs the part again and restores the saved values of all its nodes. Source: Chen et al.,
Training Deep Nets with Sublinear Memory Cost, 2016.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext

from ..core.grad_mode import enable_grad, is_grad_enabled
from ..core.graph import Node, Output, Variable, now
from ..ops.interpose import surroundings
from ..tensors.generator import default_generator
from ..tensors.public_names import lookup as _lookup
from ..tensors.public_names import own as _own
from .selective_checkpoint import CheckpointPolicy as CheckpointPolicy
from .selective_checkpoint import SelectiveCheckpointContext as SelectiveCheckpointContext
from .selective_checkpoint import create_selective_checkpoint_contexts as create_selective_checkpoint_contexts


class CheckpointError(RuntimeError):
    """Raised if the second run did other operations than the first."""


def noop_context_fn():
    """Two contexts that do nothing, for the first and the second run: the default of ``context_fn``."""
    return nullcontext(), nullcontext()


def checkpoint(
    function,
    *args,
    use_reentrant=None,
    context_fn=noop_context_fn,
    determinism_check="default",
    debug=False,
    early_stop=True,
    preserve_rng_state=True,
    **kwargs,
):
    """``function(*args, **kwargs)`` without saved values; backward runs it a second time.

    Parameters get gradients whether or not the arguments need them. Backward raises CheckpointError if the
    second run did other operations, and RuntimeError if an argument was changed in place before it.
    ValueError for ``context_fn`` or ``debug`` with ``use_reentrant``.
    """
    if use_reentrant and (context_fn is not noop_context_fn or debug):
        raise ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
    first, second = context_fn()
    if not is_grad_enabled():
        with first:
            return function(*args, **kwargs)
    again = surroundings()
    contexts, compare = (again, second), determinism_check != "none"
    segment = _Segment(function, args, kwargs, contexts, preserve_rng_state, compare)
    with again(), first:
        outputs = function(*args, **kwargs)
    segment.forget(outputs)
    return outputs


def checkpoint_sequential(functions, segments, input, use_reentrant=None, *, preserve_rng_state=True):
    """A Sequential (or list of modules) in ``segments`` parts, of which all but the last are checkpointed.

    ``input`` is the argument of the first module, of any shape that it takes. ValueError for more segments
    than modules.
    """
    layers = list(functions.children()) if hasattr(functions, "children") else list(functions)
    size = len(layers) // segments
    if segments < 1 or size == 0:
        raise ValueError(
            f"checkpoint_sequential: {len(layers)} modules cannot be split into {segments} segments"
        )

    def run(start, end):
        def part(x):
            for layer in layers[start:end]:
                x = layer(x)
            return x

        return part

    for i in range(segments - 1):
        input = checkpoint(run(i * size, (i + 1) * size), input, preserve_rng_state=preserve_rng_state)
    return run((segments - 1) * size, len(layers))(input)


@contextmanager
def set_checkpoint_early_stop(enable):
    """A context manager without effect: the second run always goes to its end."""
    yield


@contextmanager
def set_checkpoint_debug_enabled(enabled):
    """A context manager without effect: errors always say which operations differ."""
    yield


def get_device_states(*args):
    """``(devices, states)``: the GPUs that hold tensors among the arguments, and the states of the generators
    that draw on them.
    """
    devices = {a.device.index for a in args if isinstance(a, Variable) and a.is_cuda}
    return [*devices], [default_generator.get_state() for _ in devices]


def set_device_states(devices, states, *, device_type=None):
    """Go back to the states that :func:`get_device_states` returned."""
    for state in states:
        default_generator.set_state(state)


class _Segment:
    """A checkpointed call: how to run it again, and its nodes without saved values."""

    def __init__(self, function, args, kwargs, contexts, preserve, compare):
        self.function, self.args, self.kwargs = function, args, kwargs
        (self.surroundings, self.context), self.compare = contexts, compare
        self.state = default_generator.get_state() if preserve else None
        self.versions = [v._counter[0] for v in _variables((args, kwargs))]
        self.start = now()

    def forget(self, outputs):
        """Drop the saved values of all nodes that the call made."""
        self.nodes = [n for n in _made(outputs, self.start) if n.saved is not None]
        for node in self.nodes:
            node.shapes, node.definition, node.segment = _shapes(node), None, self
            del node.saved
            node.__class__ = _Forgotten

    def recall(self):
        """Run the call again and restore the saved values of the nodes."""
        if [v._counter[0] for v in _variables((self.args, self.kwargs))] != self.versions:
            raise RuntimeError(
                "checkpoint: an argument of the checkpointed function was changed in place before backward"
            )
        present = default_generator.get_state() if self.state is not None else None
        if self.state is not None:
            default_generator.set_state(self.state)
        with enable_grad(), self.surroundings(), self.context:
            outputs = self.function(*self.args, **self.kwargs)
        if present is not None:
            default_generator.set_state(present)
        again = [n for n in _made(outputs, self.start) if n.saved is not None]
        if [n.plan for n in again] != [n.plan for n in self.nodes]:
            raise CheckpointError(
                f"checkpoint: the second run did other operations than the first: {len(self.nodes)} were "
                f"recorded, then {len(again)}; first {[n.name for n in self.nodes][:8]}, then "
                f"{[n.name for n in again][:8]}"
            )
        for old, new in zip(self.nodes, again):
            if self.compare and _shapes(new) != old.shapes:
                raise CheckpointError(
                    f"checkpoint: {old.name} saved values of shapes {old.shapes} in the first run and "
                    f"{_shapes(new)} in the second"
                )
        for old, new in zip(self.nodes, again):
            old.__class__ = Node
            old.saved, old.definition = new.saved, new.definition
            del old.segment, old.shapes
        self.nodes = ()


class _Forgotten(Node):
    """A node whose saved values were dropped; reading them runs the segment again."""

    @property
    def saved(self):
        self.segment.recall()
        return self.saved

    @property
    def name(self):
        """Without the saved values, which PyTorch's name may depend on."""
        return self.plan.name


def _variables(tree):
    if isinstance(tree, Variable):
        yield tree
    elif isinstance(tree, dict):
        yield from _variables(list(tree.values()))
    elif isinstance(tree, (list, tuple)):
        for value in tree:
            yield from _variables(value)


def _shapes(node):
    return [getattr(value, "shape", None) for value in node.saved]


def _made(outputs, start):
    """The nodes of operations behind ``outputs`` that were recorded after ``start``, in order."""
    found, stack = set(), [v._node for v in _variables(outputs) if v.requires_grad]
    while stack:
        node = stack.pop()
        if type(node) is Output:
            node = node.parent
        if isinstance(node, Node) and node.order < start and node not in found:
            found.add(node)
            stack.extend(node.edges)
    return sorted((n for n in found if type(n) is Node), key=lambda n: -n.order)


for _name in "CheckpointPolicy SelectiveCheckpointContext create_selective_checkpoint_contexts".split():
    _own(__name__, _name, globals()[_name])
__getattr__ = _lookup(__name__)
