"""Higher orders: the same rules, run on Variables, so that the gradients are part of the graph themselves."""

from __future__ import annotations

from .graph import Node, Variable, grad_state, output_edge, wrap
from .plan import Plan
from .primitive import Primitive


def _identity(x):
    return x


_same = Primitive(_identity, x=lambda g: g, complex=True, name="stand_in")
_stands_in = Plan(_same, [wrap(None, _same, Variable)])  # of an input with a place in the graph


def vjp_in_graph(node, g, run):
    """The gradients of the inputs of ``node`` as Variables that are part of the graph; ``run`` walks."""
    plan = node.plan
    token = grad_state.set(True)
    try:
        if plan.op.composed is not None:
            return _through_definition(node, g, run)
        names = [name for wants in plan.wants for name in wants]
        return plan.vjp(g, [as_variable(node, name, value) for name, value in zip(names, node.saved)])
    finally:
        grad_state.reset(token)


def as_variable(node, name, value):
    """A saved value with its place in the graph."""
    op, live = node.plan.op, node.plan.live
    if name == "out":
        return (
            wrap(value, node)
            if node.outputs is None
            else tuple(wrap(v, output_edge(node, i)) for i, v in enumerate(value))
        )
    if name in op.outputs:
        return wrap(value, output_edge(node, op.outputs.index(name)) if value.dtype.kind in "fcV" else None)
    if name == op.signature.variadic:
        edges = dict(zip(live, node.edges))
        return tuple(wrap(v, edges.get(i)) for i, v in enumerate(value))
    if name in op.inputs and hasattr(value, "dtype"):
        i = op.inputs.index(name)
        if i not in live:
            return wrap(value)
        edge = node.edges[live.index(i)]
        kind = value.dtype if node.restore is None else node.restore[live.index(i)][1]
        if value.dtype.kind == "c" and kind.kind != "c":  # real numbers, cast beside complex ones
            return wrap(value.real.astype(kind), edge).astype(value.dtype)
        return wrap(value, edge)
    if name in op.aux and getattr(value, "dtype", None) is not None and value.dtype.kind in "fcV":
        raise NotImplementedError(
            f"{op.name}: the second derivative needs a definition (composed=), since {name!r} is not "
            "part of the graph"
        )
    return value


def _through_definition(node, g, run):
    """Differentiate the definition of a fused operation, at stand-ins whose gradients flow on."""
    arrays, settings = node.definition
    inputs = [wrap(a) if hasattr(a, "dtype") else a for a in arrays]
    for i, edge in zip(node.plan.live, node.edges):
        inputs[i] = wrap(arrays[i], Node(_stands_in, (edge,), (), ()))
    outputs = node.plan.op.composed(*inputs, **settings)
    pairs = (
        [(o._node, d) for o, d in zip(outputs, g) if o._node is not None]
        if node.outputs
        else [(outputs._node, g)]
    )
    nodes, gradients = zip(*pairs)
    stand_ins = [inputs[i]._node for i in node.plan.live]
    found = run(nodes, gradients, retain=True, create=True, targets=set(stand_ins), accumulate=False)
    return [found.get(s) for s in stand_ins]
