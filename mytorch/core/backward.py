"""Where a backward pass starts: the gradients that it begins with, and what is done with those it finds."""

from __future__ import annotations

import warnings
from contextvars import ContextVar

from .arrays import xp
from .errors import check_seed
from .graph import Variable, wrap
from .walk import run, shown

CYCLE = (
    "Using backward() with create_graph=True will create a reference cycle between the parameter and its "
    "gradient which can cause a memory leak. We recommend using autograd.grad when creating the graph to "
    "avoid this. If you have to use this function, make sure to reset the .grad fields of your parameters to "
    "None after use to break the cycle and avoid the leak."
)

# the levels of ``vmap`` around, which sum the gradients of what is outside of them over the entries
around: ContextVar = ContextVar("levels of vmap", default=())


def backward(tensors, grad_tensors=None, retain_graph=None, create_graph=False, inputs=None):
    """Sum the gradients of ``tensors`` into the leaves' ``.grad``; public as ``mytorch.autograd.backward``.

    ``grad_tensors`` (one per tensor, None for a scalar's 1) are the gradients to start from. ``inputs``
    restricts which leaves collect one. RuntimeError if a tensor has no graph, has more than one element and
    no gradient, or what its graph saved is gone; or for no ``inputs``. UserWarning for ``create_graph``.
    """
    if create_graph:
        warnings.warn(CYCLE, stacklevel=3)
    for level in reversed(around.get()):
        level.close([tensors] if isinstance(tensors, Variable) else tensors)
    nodes, gradients = _start(tensors, grad_tensors, create_graph)
    targets = None
    if inputs is not None:
        inputs = [inputs] if isinstance(inputs, Variable) else list(inputs)
        if not inputs:
            raise RuntimeError("'inputs' argument to backward cannot be empty.")
        targets = {_edge_of(x) for x in inputs}
    retain = create_graph if retain_graph is None else retain_graph
    found = run(nodes, gradients, retain=retain, create=create_graph, targets=targets)
    for x in inputs or ():
        if not x.is_leaf and not x.retains_grad and (g := found.get(x._node)) is not None:
            x.grad = shown(g) if x.grad is None else x.grad + shown(g)


def gradients_of(
    outputs,
    inputs,
    grad_outputs=None,
    retain_graph=None,
    create_graph=False,
    allow_unused=None,
    materialize_grads=False,
):
    """What ``autograd.grad`` returns for one set of ``grad_outputs``; its options are explained there."""
    inputs = [inputs] if isinstance(inputs, Variable) else list(inputs)
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: "
            "allow_unused=False."
        )
    nodes, gradients = _start(outputs, grad_outputs, create_graph)
    edges = [_edge_of(x) for x in inputs]
    retain = create_graph if retain_graph is None else retain_graph
    found = run(nodes, gradients, retain=retain, create=create_graph, targets=set(edges), accumulate=False)
    results = []
    for x, edge in zip(inputs, edges):
        g = found.get(edge)
        if g is None:
            if not allow_unused and not materialize_grads:
                raise RuntimeError(
                    "One of the differentiated Tensors appears to not have been used in the graph. "
                    "Set allow_unused=True if this is the desired behavior."
                )
            results.append(wrap(xp(x.array).zeros_like(x.array)) if materialize_grads else None)
            continue
        g = shown(g)
        results.append(g if g.array.dtype == x.array.dtype else g.astype(x.array.dtype))
    return tuple(results)


def _edge_of(x):
    if not x.requires_grad:
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    return x._node


def _start(tensors, grad_tensors, create):
    """The nodes to begin at, and the gradients that they begin with."""
    tensors = [tensors] if isinstance(tensors, Variable) else list(tensors)
    given = [None] * len(tensors) if grad_tensors is None else _seeds(grad_tensors, len(tensors))
    gradients = []
    for t, g in zip(tensors, given):
        if g is not None or t.array.size != 1 or t.array.dtype.kind != "f" or not t.requires_grad:
            check_seed(t, g)
        g = wrap(xp(t.array).ones(t.array.shape, t.array.dtype)) if g is None else g
        gradients.append(g if create else g.array)
    return [t._node for t in tensors], gradients


def _seeds(given, count):
    """The gradients that the user gave to begin with: one, or None, for each of ``count`` tensors."""
    given = [given] if isinstance(given, Variable) else list(given)
    for g in given:
        if g is not None and not isinstance(g, Variable):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(g).__name__}")
    if len(given) == 1 and given[0] is None:
        return given * count
    if len(given) != count:
        raise RuntimeError(f"got {count} tensors and {len(given)} gradients")
    return given
