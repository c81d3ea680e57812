"""The node of a user's function in the graph, and its backward."""

from __future__ import annotations

from ..core import grad_mode
from ..core.arrays import device_of, move, xp
from ..core.backward import gradients_of
from ..core.graph import Name, Node, Variable, output_edge, wrap
from ..ops.shape import sum_to
from .graph import Packed, current_hooks


class FunctionNode(Node):
    """The node of a Function's call: ``y.grad_fn``.

    ``inputs`` and ``results`` hold the :func:`tensor_meta` of each argument and output.
    """

    def __init__(self, plan, edges, ctx, args):
        super().__init__(plan, edges, None, ())
        self.ctx, self.inputs = ctx, list(map(tensor_meta, args))

    def __getattr__(self, name):  # attributes that the user has set on the context
        return getattr(object.__getattribute__(self, "ctx"), name)


def tensor_meta(value):
    """(shape, dtype, device) of a tensor, None for anything else."""
    if isinstance(value, Variable):
        return value.array.shape, value.array.dtype, device_of(value.array)
    return None


class SavedTensor:
    """A saved tensor: its memory, its place in the graph and its version.

    ``index`` is its number among the outputs of the call, None if it is not an output.
    """

    __slots__ = ("array", "counter", "hooks", "index", "leaf", "node", "version")

    def __init__(self, tensor, index):
        self.array, self.index, self.hooks = tensor.array, index, current_hooks.get()
        if self.hooks is not None:
            self.array = Packed([tensor.array], self.hooks)
        self.counter, self.version = tensor._counter, tensor._counter[0]
        # an output's node would be a reference cycle
        self.node, self.leaf = (tensor._node, tensor._leaf) if index is None else (None, None)

    def unpack(self, node):
        """The tensor again. RuntimeError if its memory was changed in place."""
        if self.counter[0] != self.version and self.hooks is None:
            raise RuntimeError(
                "one of the variables needed for gradient computation has been modified by an inplace "
                f"operation: a tensor of shape {list(self.array.shape)} saved by {node.name} is at version "
                f"{self.counter[0]}; expected version {self.version} instead. Hint: enable anomaly detection "
                "to find the operation that failed to compute its gradient, with "
                "torch.autograd.set_detect_anomaly(True)."
            )
        edge = self.node
        if self.index is not None:
            edge = node if node.outputs is None else output_edge(node, self.index)
        tensor = wrap(self.array if self.hooks is None else self.array[0], edge)
        tensor._counter, tensor._leaf = self.counter, self.leaf
        return tensor


class FunctionPlan:
    """The plan of a user's function, with the attributes of ``core.plan.Plan`` that backward reads.

    It has no definition and no named inputs; its one saved value is the node itself.
    """

    composed, variadic, view = None, None, False
    inputs = aux = outputs = live = rules = ()
    later = True  # ``overlap.py`` waits for other threads: a user's code may change what it saved
    wants = (("node",),)

    def __init__(self, function, frees):
        self.name, self.frees = Name(f"{function.__name__}Backward"), frees
        self.op = self.signature = self
        self.function = function

    def vjp(self, g, saved):
        node = saved[0]()
        return _backward(self.function, node, g if node.outputs is not None else (g,))


# ---- backward ------------------------------------------------------------------------------------


def _backward(function, node, gradients):
    """The gradients of the live inputs by the user's ``backward``: arrays, or Variables if some are given."""
    create = any(isinstance(g, Variable) for g in gradients)
    given = [g if g is None or isinstance(g, Variable) else wrap(g) for g in gradients]
    if node.ctx._mytorch_materialize:
        given = [
            _zeros(*result, given) if g is None and result is not None else g
            for g, result in zip(given, node.results)
        ]
    token = grad_mode.mode.set(create)
    try:
        found = function._mytorch_rule()(node.ctx, *given)
        found = _checked(node, found if isinstance(found, tuple) else (found,))
        needed = [i for i, needs in enumerate(node.ctx.needs_input_grad) if needs]
        gradients = [_fit(node, i, found[i]) for i in needed]
    finally:
        grad_mode.mode.reset(token)
    if create:
        return gradients
    # views, because backward may write to an array that it owns
    return [None if g is None else g.array.view() for g in gradients]


def transposed_jvp(function, ctx, *gradients):
    """Jᵀ g of a :class:`Function` that has only ``jvp(ctx, *t)``, J t: its derivative with respect to t."""
    module = xp(next(g.array for g in gradients if g is not None))
    tangents = [
        wrap(module.zeros(*meta[:2])).requires_grad_() if meta and meta[1].kind in "fcV" else None
        for meta in ctx._mytorch_node().inputs
    ]
    create = grad_mode.is_grad_enabled()
    with grad_mode.enable_grad():
        found = function.jvp(ctx, *tangents)
    found = found if isinstance(found, tuple) else (found,)
    pairs = [(o, g) for o, g in zip(found, gradients) if g is not None and o is not None and o.requires_grad]
    if not pairs:
        return (None,) * len(tangents)
    inputs = [t for t in tangents if t is not None]
    outputs, seeds = zip(*pairs)
    results = iter(gradients_of(outputs, inputs, seeds, create_graph=create, allow_unused=True))
    return tuple(None if t is None else next(results) for t in tangents)


def _zeros(shape, dtype, where, given):
    array = next(g.array for g in given if g is not None)
    return wrap(move(xp(array).zeros(shape, dtype), where))


def _checked(node, found):
    """The gradients ``found``, one for each argument. RuntimeError for another number or kind."""
    expected = len(node.inputs)
    if len(found) > expected and all(g is None for g in found[expected:]):
        found = found[:expected]
    if len(found) != expected:
        raise RuntimeError(
            f"function {node.name} returned an incorrect number of gradients (expected {expected}, got "
            f"{len(found)})"
        )
    for i, (g, meta) in enumerate(zip(found, node.inputs)):
        if g is not None and not isinstance(g, Variable):
            raise RuntimeError(
                f"expected Variable or None (got {type(g).__name__}) as gradient {i} of {node.name}"
            )
        if g is not None and meta is None:
            raise RuntimeError(
                f"function {node.name} returned a gradient different from None at position {i + 1}, but the "
                "corresponding forward input was not a Variable"
            )
    return found


def _fit(node, i, g):
    """The gradient ``g`` of input ``i`` in that input's shape and dtype. RuntimeError if it does not fit."""
    if g is None:
        return None
    shape, dtype, where = node.inputs[i]
    if device_of(g.array) != where:
        raise RuntimeError(
            f"Function {node.name} returned an invalid gradient at index {i} - expected device {where} "
            f"but got {device_of(g.array)}"
        )
    if g.array.shape != shape:
        extra = g.array.ndim - len(shape)
        if extra < 0 or any(n != m and n != 1 for n, m in zip(shape, g.array.shape[extra:])):
            raise RuntimeError(
                f"Function {node.name} returned an invalid gradient at index {i} - got "
                f"{list(g.array.shape)} but expected shape compatible with {list(shape)}"
            )
        g = sum_to(g, shape=shape)
    if g.array.dtype.kind == "c" and dtype.kind != "c":
        raise RuntimeError(
            f"Function {node.name} returned an invalid gradient at index {i} - expected {dtype} but got "
            f"{g.array.dtype}"
        )
    return g if g.array.dtype == dtype else g.astype(dtype)
