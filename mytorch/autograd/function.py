"""Functions whose gradient the user writes: subclass :class:`Function`, define ``forward`` and ``backward``,
call ``apply``.
"""

from __future__ import annotations

import functools
import traceback
import weakref

from ..core import grad_mode
from ..core.anomaly_mode import detect_anomaly
from ..core.arrays import device_of, move, xp
from ..core.errors import SECOND_TIME
from ..core.graph import Name, Node, Variable, changed, output_edge, refresh, wrap
from ..ops.inplace import assign, prepare_write
from ..ops.shape import sum_to


class FunctionCtx:
    """What ``forward`` tells ``backward``. Attributes of any name may be set on it; they are seen on
    ``y.grad_fn`` too.
    """

    _mytorch_materialize, _mytorch_dirty, _mytorch_fixed, _mytorch_to_save = True, (), (), ()
    _mytorch_node = staticmethod(lambda: None)  # a weak reference to the node of the call, once there is one

    def save_for_backward(self, *tensors):
        """Keep inputs, outputs or intermediate tensors (or None) for ``backward``.

        TypeError for anything else.
        """
        for i, t in enumerate(tensors):
            if t is not None and not isinstance(t, Variable):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument {i} is of type "
                    f"{type(t).__name__}"
                )
        self._mytorch_to_save = tensors

    @property
    def saved_tensors(self):
        """What ``save_for_backward`` kept.

        RuntimeError once backward has freed it, or if one was changed in place.
        """
        node = self._mytorch_node()
        if node is None or node.saved is None:
            raise RuntimeError(SECOND_TIME.format("a Function" if node is None else node.name))
        return tuple(s if s is None or isinstance(s, Variable) else s.unpack(node) for s in node.saved[1:])

    def mark_dirty(self, *tensors):
        """Say which inputs ``forward`` changed in place; each must also be an output."""
        self._mytorch_dirty = tensors

    def mark_non_differentiable(self, *tensors):
        """Say which outputs carry no gradient; integer ones never do."""
        self._mytorch_fixed = tensors

    def set_materialize_grads(self, value):
        """False: ``backward`` gets None instead of zeros for an output that no gradient reached."""
        self._mytorch_materialize = value

    def __getattr__(self, name):
        node = self._mytorch_node() if name in ("name", "next_functions") else None
        if node is None:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        return getattr(node, name)


class FunctionNode(Node):
    """The call of a Function in the graph: ``y.grad_fn``. ``inputs`` and ``results`` are (shape, dtype,
    device) of the tensors among both.
    """

    def __init__(self, plan, edges, ctx, args):
        super().__init__(plan, edges, None, ())
        self.ctx, self.inputs = ctx, list(map(_form, args))

    def __getattr__(self, name):  # what the user has set on the context
        return getattr(object.__getattribute__(self, "ctx"), name)


def _form(value):
    if isinstance(value, Variable):
        return value.array.shape, value.array.dtype, device_of(value.array)
    return None


class _Saved:
    """A saved tensor: its memory, its place in the graph and the version that it had."""

    __slots__ = ("array", "counter", "index", "leaf", "node", "version")

    def __init__(self, tensor, index):
        self.array, self.counter, self.version, self.index = (
            tensor.array,
            tensor._counter,
            tensor._counter[0],
            index,
        )
        # an output must not be kept: a cycle
        self.node, self.leaf = (tensor._node, tensor._leaf) if index is None else (None, None)

    def unpack(self, node):
        if self.counter[0] != self.version:
            raise RuntimeError(
                "one of the variables needed for gradient computation has been modified by an inplace "
                "operation: a tensor of shape "
                f"{list(self.array.shape)} saved by {node.name} is at version {self.counter[0]}; "
                f"expected version {self.version} instead. "
                "Hint: enable anomaly detection to find the operation that failed to compute its "
                "gradient, with "
                f"torch.autograd.set_detect_anomaly(True)."
            )
        edge = self.node
        if self.index is not None:
            edge = node if node.outputs is None else output_edge(node, self.index)
        tensor = wrap(self.array, edge)
        tensor._counter, tensor._leaf = self.counter, self.leaf
        return tensor


class _FunctionPlan:
    """What the walk needs of a node, for a user's function: see ``core.plan.Plan``.

    As an operation it has no definition and no named inputs; its one "saved value" is the node itself.
    """

    composed, variadic, view = None, None, False
    inputs = aux = outputs = live = ()
    wants = (("node",),)

    def __init__(self, function, frees):
        self.name, self.frees = Name(f"{function.__name__}Backward"), frees
        self.op = self.signature = self
        self.function = function

    def vjp(self, g, saved):
        node = saved[0]()
        return _backward(self.function, node, g if node.outputs is not None else (g,))


class _FunctionMeta(type):
    def __init__(cls, name, bases, namespace):
        super().__init__(name, bases, namespace)
        # without and with saved tensors
        cls._mytorch_plans = (_FunctionPlan(cls, False), _FunctionPlan(cls, True))


class Function(metaclass=_FunctionMeta):
    """A differentiable function with a gradient of one's own::

        class Exp(Function):
            @staticmethod
            def forward(ctx, x):
                y = x.exp()
                ctx.save_for_backward(y)
                return y

            @staticmethod
            def backward(ctx, g):
                (y,) = ctx.saved_tensors
                return g * y

        y = Exp.apply(x)

    ``forward`` takes anything and returns a tensor or a tuple; nothing inside it is recorded. It may leave
    the context to ``setup_context(ctx, inputs, output)`` and be ``forward(x)``. ``backward`` takes a gradient
    per output and returns one (or None) per argument of ``forward``; written in differentiable operations, it
    can be differentiated again.
    """

    def __init__(self, *args, **kwargs):
        raise RuntimeError(
            f"{type(self).__name__} should not be instantiated. Methods on autograd functions are all "
            "static, use .apply"
        )

    @staticmethod
    def forward(*args, **kwargs):
        """The function's values: ``forward(ctx, ...)``, or ``forward(...)`` beside ``setup_context``. To be
        overridden.
        """
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx, inputs, output):
        """Put into ``ctx`` what ``backward`` needs; ``inputs`` is the tuple of forward's arguments."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx, *grad_outputs):
        """The gradient per argument of forward, from the gradient per output.

        To be overridden (or ``vjp``, its other name).
        """
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to "
            "use it with backward mode AD."
        )

    vjp = backward

    @classmethod
    def apply(cls, *args):
        """Call the function. RuntimeError for tensors that are marked dirty but not returned, as in torch."""
        for a in args:
            if isinstance(a, Variable) and a._base is not None and a._base._node is not a._base_node:
                refresh(a)
        ctx = FunctionCtx()
        ctx.needs_input_grad = tuple(isinstance(a, Variable) and a._node is not None for a in args)
        state = grad_mode.mode.get()
        recording = state is grad_mode.RECORD and any(ctx.needs_input_grad)
        token = grad_mode.mode.set(grad_mode.SKIP if state is grad_mode.RECORD else state)
        try:
            if cls.setup_context is Function.setup_context:
                result = cls.forward(ctx, *args)
            else:
                result = cls.forward(*args)
                cls.setup_context(ctx, args, result)
        finally:
            grad_mode.mode.reset(token)
        results = result if isinstance(result, tuple) else (result,)
        _check_dirty(ctx, args, results, recording)
        if recording:
            results = _record(cls, ctx, args, results)
        else:
            for x in ctx._mytorch_dirty:
                changed(x)
        return results if isinstance(result, tuple) else results[0]


def once_differentiable(backward):
    """Decorate a ``backward`` that uses operations unknown to autograd: differentiating it again raises
    RuntimeError.
    """

    @functools.wraps(backward)
    def wrapper(ctx, *gradients):
        with grad_mode.no_grad():
            outputs = backward(ctx, *gradients)
        if not grad_mode.is_grad_enabled() or not any(
            isinstance(g, Variable) and g._node is not None for g in gradients
        ):
            return outputs
        several = isinstance(outputs, tuple)
        detached = [
            o.detach() if isinstance(o, Variable) else o for o in (outputs if several else (outputs,))
        ]
        outputs = _NotTwice.apply(*(o.requires_grad_() if isinstance(o, Variable) else o for o in detached))
        return outputs if several else outputs[0]

    return wrapper


class _NotTwice(Function):
    """The identity, with no gradient."""

    @staticmethod
    def forward(ctx, *tensors):
        return tensors

    @staticmethod
    def backward(ctx, *gradients):
        raise RuntimeError(
            "trying to differentiate twice a function that was marked with @once_differentiable"
        )


# ---- forward -------------------------------------------------------------------------------------


def _is_in(tensor, tensors):
    return any(tensor is t for t in tensors)


def _check_dirty(ctx, args, results, recording):
    for x in ctx._mytorch_dirty:
        if not _is_in(x, results):
            raise RuntimeError(
                "Some elements marked as dirty during the forward method were not returned as output. "
                "The inputs that are modified inplace "
                "must all be outputs of the Function."
            )
        if recording:
            prepare_write(x)  # refuses leaves


def _record(cls, ctx, args, results):
    """Give the outputs their place in the graph, and the node what the context saved."""
    edges = tuple(a._node for a, needs in zip(args, ctx.needs_input_grad) if needs)
    node = FunctionNode(cls._mytorch_plans[bool(ctx._mytorch_to_save)], edges, ctx, args)
    ctx._mytorch_node = weakref.ref(node)
    seen, own = {id(a) for a in args}, []
    for r in results:
        own.append(_own_output(ctx, args, r, again=id(r) in seen))
        seen.add(id(r))
    results = own
    node.results = list(map(_form, results))
    if len(results) > 1:
        node.outputs = (None,) * len(results)
    for i, r in enumerate(results):
        dirty = _is_in(r, ctx._mytorch_dirty)
        if isinstance(r, Variable) and not _is_in(r, ctx._mytorch_fixed) and r.array.dtype.kind in "fcV":
            edge = node if node.outputs is None else output_edge(node, i)
            if dirty:
                assign(r, wrap(r.array, edge))
            else:
                r._node = edge
        elif isinstance(r, Variable) and dirty:
            changed(r)
    places = {id(r): i for i, r in enumerate(results)}
    node.saved = (
        weakref.ref(node),
        *(None if t is None else _Saved(t, places.get(id(t))) for t in ctx._mytorch_to_save),
    )
    # they hold outputs, which hold the node
    ctx._mytorch_to_save = ctx._mytorch_dirty = ctx._mytorch_fixed = ()
    if detect_anomaly.enabled:
        node.origin = traceback.format_stack()[:-2]
    return tuple(results)


def _own_output(ctx, args, result, again):
    """``result`` itself; another tensor on its memory where it is an input or appears twice (``again``)."""
    if not isinstance(result, Variable) or _is_in(result, ctx._mytorch_dirty):
        return result
    if not again and result._base is None:
        return result
    source = (
        result
        if _is_in(result, args)
        else next((a for a in args if isinstance(a, Variable) and _shares(result, a)), None)
    )
    if source is None and not again:
        return result
    new = wrap(result.array)
    if source is not None:
        base = source if source._base is None else source._base
        new._counter = source._counter
        new._base, new._view, new._base_node = base, _forbidden, base._node
    if _is_in(result, ctx._mytorch_fixed):
        ctx._mytorch_fixed += (new,)
    return new


def _shares(result, argument):
    return result._base is not None and (result._base is argument or result._base is argument._base)


def _forbidden(base):
    raise RuntimeError(
        "An output of a custom Function is a view of its input (or the input itself) and one of them "
        "is being modified inplace. This view was "
        "created inside a custom Function (or because an input was returned as-is) and the autograd "
        "logic to handle view+inplace would override "
        "the custom backward associated with the custom Function, leading to incorrect gradients. This "
        "behavior is forbidden. You can fix this "
        "by cloning the output of the custom Function."
    )


# ---- backward ------------------------------------------------------------------------------------


def _backward(function, node, gradients):
    """The gradients of the live inputs: arrays of arrays (or Variables of Variables, recorded) by the user's
    ``backward``.
    """
    create = any(isinstance(g, Variable) for g in gradients)
    given = [g if g is None or isinstance(g, Variable) else wrap(g) for g in gradients]
    if node.ctx._mytorch_materialize:
        given = [
            _zeros(*shape, given) if g is None and shape is not None else g
            for g, shape in zip(given, node.results)
        ]
    rule = function.backward if function.backward is not Function.backward else function.vjp
    token = grad_mode.mode.set(create)
    try:
        found = rule(node.ctx, *given)
        found = found if isinstance(found, tuple) else (found,)
        found = _counted(node, found)
        steps = [
            _fit(node, i, g) for i, (g, needs) in enumerate(zip(found, node.ctx.needs_input_grad)) if needs
        ]
    finally:
        grad_mode.mode.reset(token)
    if create:
        return steps
    # a view, so that nobody takes it for a fresh array
    return [None if g is None else g.array.view() for g in steps]


def _zeros(shape, dtype, where, given):
    return wrap(move(xp(next(g.array for g in given if g is not None)).zeros(shape, dtype), where))


def _counted(node, found):
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
                f"function {node.name} returned a gradient different from None at position {i + 1}, but "
                "the corresponding forward input "
                "was not a Variable"
            )
    return found


def _fit(node, i, g):
    """The gradient ``g`` of input ``i`` in that input's shape and dtype. RuntimeError if it cannot be."""
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
                f"{list(g.array.shape)} but expected shape compatible "
                f"with {list(shape)}"
            )
        g = sum_to(g, shape=shape)
    if g.array.dtype.kind == "c" and dtype.kind != "c":
        raise RuntimeError(
            f"Function {node.name} returned an invalid gradient at index {i} - expected {dtype} but got "
            f"{g.array.dtype}"
        )
    return g if g.array.dtype == dtype else g.astype(dtype)
