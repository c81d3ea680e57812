"""The walk back through the graph: newest node first, for the order of creation is a topological order.

The walk is iterative, so a chain of a million operations works. An ordinary backward runs the rules on raw
arrays; with ``create`` the very same rules run on Variables and so are recorded themselves.
"""

from __future__ import annotations

import threading
from heapq import heappop, heappush, heappushpop

from .anomaly_mode import detect_anomaly
from .arrays import QUIET, as_array, float_errors, xp
from .graph import Leaf, Node, Output, Variable, changed, grad_state, last_change, output_edge, wrap
from .primitive import Plan, Primitive


def run(roots, gradients, **options):
    """As :func:`walk`, with NumPy's floating-point warnings off."""
    token = float_errors.set(QUIET)
    try:
        return walk(roots, gradients, **options)
    finally:
        float_errors.reset(token)


def walk(roots, gradients, *, retain=False, create=False, targets=None, accumulate=True):
    """Send ``gradients`` (arrays, or Variables with ``create``) back from the nodes ``roots``.

    Sums into the leaves' ``.grad`` (only of ``targets``, if given). With ``accumulate=False`` it returns
    {node: gradient} of ``targets`` instead and leaves every ``.grad`` alone.
    """
    needed = None if targets is None else _leading_to(targets, roots)
    found, pending, owned, heap, parts, leaves = {}, {}, set(), [], {}, []
    careful = create or needed is not None or detect_anomaly.enabled
    edges, steps, saved, g = roots, gradients, gradients, None
    while True:
        node = None
        for edge, d in zip(edges, steps):
            if d is None:
                continue
            # the first gradient is only borrowed, unless a rule made it for this leaf
            if edge not in pending:
                pending[edge] = d
                if type(edge) is not Leaf:
                    if node is None and not heap:
                        node = edge  # along a chain there is nothing to choose from
                    else:
                        heappush(heap, (edge.order, edge))
                    continue
                leaves.append(edge)
                if not create and d is not g and _is_fresh(d, steps, saved):
                    owned.add(edge)
            elif edge in owned:
                pending[edge] += d
            else:
                pending[edge] = pending[edge] + d  # the first sum is our own array
                if not create:
                    owned.add(edge)
        if heap:
            node = (heappop(heap) if node is None else heappushpop(heap, (node.order, node)))[1]
        elif node is None:
            break
        edges, g = (), pending.pop(node)
        if node.hooks is not None:
            g = _call_hooks(node, g, create)
            owned.discard(node)  # a hook may have kept it
        if needed is not None and node in targets:
            found[node] = g if create or node in owned or g is None else g.copy()  # the caller may change it
        plan = node.plan
        if plan is None:
            _collect(node, g, parts, pending, heap)
            continue
        if needed is not None and not any(edge in needed for edge in node.edges):
            continue
        if last_change[0] < node.order:
            _check_intact(node)
        if node.outputs is not None:
            g = _fill(node, parts.pop(node), create)
        saved = node.saved
        if saved is None:
            raise RuntimeError(SECOND_TIME.format(node.name))
        try:
            steps = _steps_as_graph(node, g) if create else plan.steps(g, saved)
        except Exception as error:
            if node.origin is None:
                raise
            raise _located(node, error) from error
        if careful:
            steps = _checked(node, steps, needed)
        restore = node.restore
        if restore is not None:
            steps = [d if d is None else _restored(d, *meta) for d, meta in zip(steps, restore)]
        edges = node.edges
        if plan.frees and not retain:
            node.saved = None
            if node.definition is not None:
                node.definition = None
    for leaf in leaves:
        g, is_own = pending.pop(leaf), leaf in owned
        if leaf.hooks is not None:
            g, is_own = _call_hooks(leaf, g, create), False
        if needed is None or leaf in targets:
            if needed is not None:
                found[leaf] = g if create or is_own else g.copy()
            if accumulate:
                _accumulate(leaf, g, is_own, create)
    return found


def _is_fresh(d, steps, saved):
    """Whether the rules made the array ``d`` for one input alone, and nobody else holds it."""
    if d.base is not None:
        return False
    for value in saved:
        if value is d:
            return False
    given = 0
    for other in steps:
        given += other is d
    return given == 1


SECOND_TIME = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they "
    "have already been freed): what {} saved "
    "is gone. Specify retain_graph=True if you need to backward through the graph a second time."
)


def _collect(output, g, parts, pending, heap):
    """Gather the gradients of a node's several outputs; the node's turn comes when all are there."""
    parent = output.parent
    if parent not in parts:
        parts[parent] = pending[parent] = [None] * len(parent.outputs)
        heappush(heap, (parent.order, parent))
    earlier = parts[parent][output.index]
    parts[parent][output.index] = g if earlier is None else earlier + g


def _checked(node, steps, needed):
    """Look for NaN if asked, and drop the gradients that lead to no target."""
    if detect_anomaly.enabled and detect_anomaly.check_nan:
        _check_nan(node, steps)
    if needed is None:
        return steps
    return [d if edge in needed else None for edge, d in zip(node.edges, steps)]


def _leading_to(targets, roots):
    """The nodes on the way from ``roots`` to ``targets``."""
    seen, stack = set(), list(roots)
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack.extend(
                (node.parent,) if type(node) is Output else node.edges if isinstance(node, Node) else ()
            )
    needed = set()
    for node in sorted(seen, key=lambda n: -n.order):  # oldest first: inputs before what uses them
        before = (node.parent,) if type(node) is Output else node.edges if isinstance(node, Node) else ()
        if node in targets or any(b in needed for b in before):
            needed.add(node)
    return needed


def _restored(d, shape, dtype):
    """The gradient of an input that was broadcast or cast: summed back to ``shape``, cast back to
    ``dtype``."""
    if d.shape != shape:
        extra = len(d.shape) - len(shape)
        axes = tuple(i for i, n in enumerate(d.shape) if i < extra or (shape[i - extra] == 1 and n != 1))
        if axes:
            d = d.sum(axes, keepdims=True)
        d = d.reshape(shape)
    if d.dtype == dtype:
        return d
    # beside complex numbers, a real one has the real part
    return (d if dtype.kind == "c" else d.real).astype(dtype)


_one_at_a_time = threading.Lock()  # backwards in several threads may reach the same leaf


def _accumulate(leaf, g, is_own, create):
    """Add to ``leaf.grad``; the first gradient is kept as it is when nobody else can hold it, otherwise
    copied.
    """
    with _one_at_a_time:
        if create:
            g = g.clone() if g.array.dtype == leaf.dtype else g.astype(leaf.dtype)
            leaf.grad = g if leaf.grad is None else leaf.grad + g
        elif leaf.grad is None:
            g = as_array(g)
            leaf.grad = wrap(g if is_own and g.dtype == leaf.dtype else g.astype(leaf.dtype))
        elif leaf.grad._node is None:
            leaf.grad.array += g
            changed(leaf.grad)
        else:
            leaf.grad = wrap(leaf.grad.array + g)
    if leaf.post_hooks is not None:
        for hook in list(leaf.post_hooks.values()):
            hook()


def _fill(node, parts, create):
    """Zeros for the outputs that no gradient reached; None for those that carry none."""
    like = next(p for p in parts if p is not None)
    zeros = xp(like.array if create else like).zeros
    filled = []
    for part, spec in zip(parts, node.outputs):
        # (shape, dtype), or None: the rule deals with it
        if part is None and spec is not None and spec[1].kind in "fcV":
            part = wrap(zeros(*spec)) if create else zeros(*spec)
        filled.append(part)
    return tuple(filled)


def _call_hooks(node, g, create):
    for hook in sorted(node.hooks.values(), key=lambda hook: hasattr(hook, "runs_last")):
        given = g if create else wrap(as_array(g))
        result = hook(given)
        if result is not None:
            _check_hook(hook, given, result)
            g = result if create else result.array
    return g


def _check_hook(hook, given, result):
    name = getattr(hook, "__name__", type(hook).__name__)
    if not isinstance(result, Variable):
        raise TypeError(
            f"hook '{name}': expected a Tensor or None, but it returned '{type(result).__name__}'"
        )
    if result.array.shape != given.array.shape:
        shapes = f"{list(result.array.shape)} instead of {list(given.array.shape)}"
        raise RuntimeError(f"hook '{name}' has changed the size of value: {shapes}")
    if result.array.dtype != given.array.dtype:
        raise RuntimeError(
            f"hook '{name}' has changed the type of value (was {given.array.dtype} got {result.array.dtype})"
        )


def _check_intact(node):
    for counter in node.guards:
        if counter[1] < node.order:
            raise _located(
                node,
                RuntimeError(
                    "one of the variables needed for gradient computation has been modified by an "
                    "inplace operation: a value saved by "
                    f"{node.name} ({node.plan.op.name}), of shape(s) "
                    f"{[list(a.shape) for a in _saved_arrays(node)]}, is at version {counter[0]} now. "
                    f"Hint: autograd.detect_anomaly() shows the line that recorded the operation."
                ),
            )


def _saved_arrays(node):
    return [v for v in node.saved if hasattr(v, "shape")]


def _check_nan(node, steps):
    for i, d in enumerate(steps):
        array = d.array if isinstance(d, Variable) else d
        if array is not None and array.dtype.kind in "fc" and bool((array != array).any()):
            raise _located(
                node, RuntimeError(f"Function '{node.name}' returned nan values in its {i}th output.")
            )


def _located(node, error):
    """``error``, with the lines that recorded ``node`` if anomaly detection kept them."""
    if node.origin is None:
        return error
    kind = type(error) if isinstance(error, (TypeError, IndexError)) else RuntimeError
    return kind(f"{error}\nThe operation was recorded here (most recent call last):\n{''.join(node.origin)}")


# ---- higher orders: the same rules, run on Variables ---------------------------------------------


def _identity(x):
    return x


_same = Primitive(
    _identity,
    {"x": lambda g: g},
    composed=None,
    joint=None,
    aux=(),
    outputs=(),
    prepare=None,
    view=False,
    broadcasts=False,
    name="stand_in",
)


def _steps_as_graph(node, g):
    """The gradients of one node's inputs as Variables that are part of the graph."""
    token = grad_state.set(True)
    try:
        if node.plan.op.composed is not None:
            return _through_definition(node, g)
        names = [name for wants in node.plan.wants for name in wants]
        return node.plan.steps(g, [_as_variable(node, name, value) for name, value in zip(names, node.saved)])
    finally:
        grad_state.reset(token)


def _as_variable(node, name, value):
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
    if name == op.variadic:
        return tuple(wrap(v, node.edges[live.index(i)] if i in live else None) for i, v in enumerate(value))
    if name in op.inputs and hasattr(value, "dtype"):
        i = op.inputs.index(name)
        if i not in live:
            return wrap(value)
        if (
            value.dtype.kind == "c"
            and node.restore is not None
            and node.restore[live.index(i)][1].kind != "c"
        ):
            value = value.real  # as the input was before it met complex numbers
        return wrap(value, node.edges[live.index(i)])
    if name in op.aux and getattr(value, "dtype", None) is not None and value.dtype.kind in "fcV":
        raise NotImplementedError(
            f"{op.name}: the second derivative needs a definition (composed=), since {name!r} is not "
            "part of the graph"
        )
    return value


def _through_definition(node, g):
    """Differentiate what a fused operation means, at detached stand-ins for its inputs whose gradients flow
    on.
    """
    arrays, settings = node.definition
    inputs = [wrap(a) if hasattr(a, "dtype") else a for a in arrays]
    for i, edge in zip(node.plan.live, node.edges):
        stand_in = Node(Plan(_same, [wrap(arrays[i], edge)]), (edge,), (), ())
        inputs[i] = wrap(arrays[i], stand_in)
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


# ---- what users call -----------------------------------------------------------------------------


def backward(tensors, grad_tensors=None, retain_graph=None, create_graph=False, inputs=None):
    """Sum the gradients of ``tensors`` into the leaves' ``.grad``; public as ``mytorch.autograd.backward``.

    ``grad_tensors`` (one per tensor, None for a scalar's 1) are the gradients to start from. ``inputs``
    restricts which leaves collect one. RuntimeError if a tensor has no graph, has more than one element and
    no gradient, or what its graph saved is gone; or for no ``inputs``.
    """
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
            g = g if create_graph else wrap(as_array(g))
            x.grad = g if x.grad is None else x.grad + g


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
        g = g if create_graph else wrap(as_array(g))
        results.append(g if g.array.dtype == x.array.dtype else g.astype(x.array.dtype))
    return tuple(results)


def _edge_of(x):
    if not x.requires_grad:
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    return x._node


def _start(tensors, grad_tensors, create):
    """The nodes to begin at, and the gradients that they begin with."""
    tensors = [tensors] if isinstance(tensors, Variable) else list(tensors)
    given = (
        [grad_tensors] if grad_tensors is None or isinstance(grad_tensors, Variable) else list(grad_tensors)
    )
    if len(given) == 1:
        given *= len(tensors) if given[0] is None else 1
    for g in given:
        if g is not None and not isinstance(g, Variable):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(g).__name__}")
    if len(given) != len(tensors):
        raise RuntimeError(f"got {len(tensors)} tensors and {len(given)} gradients")
    nodes, gradients = [], []
    for t, g in zip(tensors, given):
        if not t.requires_grad:
            raise RuntimeError("element 0 of tensors does not require grad and does not have a grad_fn")
        if g is None:
            if t.array.size != 1:
                raise RuntimeError(
                    "grad can be implicitly created only for scalar outputs, but got a tensor of "
                    f"shape {list(t.array.shape)}"
                )
            g = wrap(xp(t.array).ones(t.array.shape, t.array.dtype))
        elif g.array.shape != t.array.shape:
            raise RuntimeError(
                f"Mismatch in shape: grad_output[0] has a shape of {list(g.array.shape)} and output[0] "
                f"has a shape of {list(t.array.shape)}."
            )
        nodes.append(t._node)
        gradients.append(g if create else g.array)
    return nodes, gradients
