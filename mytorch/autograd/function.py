"""Functions with a user-defined gradient: subclass :class:`Function` and call ``apply``."""

from __future__ import annotations

import functools
import traceback
import weakref

from ..core import grad_mode
from ..core.anomaly_mode import detect_anomaly
from ..core.errors import SECOND_TIME
from ..core.graph import Variable, changed, output_edge, refresh, wrap
from ..core.walk import dual_levels
from ..ops.inplace import assign, prepare_write
from .function_node import (
    FunctionNode,
    FunctionPlan,
    SavedTensor,
    tensor_meta,
    transposed_jvp,
)


class FunctionCtx:
    """The context that ``forward`` passes to ``backward``.

    Attributes of any name may be set on it; they can be read from ``y.grad_fn`` too.
    """

    _mytorch_materialize, _mytorch_dirty, _mytorch_fixed, _mytorch_to_save = True, (), (), ()
    _mytorch_node = staticmethod(lambda: None)  # later a weak reference to the node of the call

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

    def save_for_forward(self, *tensors):
        """Keep them for ``jvp``: as :meth:`save_for_backward`, whose tensors it has if there are any."""
        if not self._mytorch_to_save:
            self.save_for_backward(*tensors)

    @property
    def saved_tensors(self):
        """The tensors that ``save_for_backward`` kept.

        RuntimeError if backward has freed them, or if one was changed in place.
        """
        node = self._mytorch_node()
        if node is None or node.saved is None:
            raise RuntimeError(SECOND_TIME.format("a Function" if node is None else node.name))
        return tuple(s if s is None or isinstance(s, Variable) else s.unpack(node) for s in node.saved[1:])

    @property
    def saved_variables(self):
        """The older name of :attr:`saved_tensors`."""
        return self.saved_tensors

    def mark_dirty(self, *tensors):
        """Declare the inputs that ``forward`` changed in place; each must also be an output."""
        self._mytorch_dirty = tensors

    def mark_non_differentiable(self, *tensors):
        """Declare the outputs without a gradient; integer ones never have one."""
        self._mytorch_fixed = tensors

    def set_materialize_grads(self, value):
        """Set whether ``backward`` gets zeros (True) or None for an output without a gradient."""
        self._mytorch_materialize = value

    def __getattr__(self, name):
        node = self._mytorch_node() if name in ("name", "next_functions") else None
        if node is None:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        return getattr(node, name)


class _FunctionMeta(type):
    def __init__(cls, name, bases, namespace):
        super().__init__(name, bases, namespace)
        # without and with saved tensors
        cls._mytorch_plans = (FunctionPlan(cls, False), FunctionPlan(cls, True))


class Function(metaclass=_FunctionMeta):
    """A differentiable function with a user-defined gradient::

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

    ``forward`` takes any arguments and returns a tensor or a tuple; nothing inside it is recorded. With
    ``setup_context(ctx, inputs, output)`` it takes no context: ``forward(x)``. ``backward`` takes a gradient
    per output and returns one (or None) per argument of ``forward``. Written with differentiable operations,
    it can be differentiated again.
    """

    def __init__(self, *args, **kwargs):
        raise RuntimeError(
            f"{type(self).__name__} should not be instantiated. Methods on autograd functions are all "
            "static, use .apply"
        )

    @staticmethod
    def forward(*args, **kwargs):
        """The function's values: ``forward(ctx, ...)``, or ``forward(...)`` with ``setup_context``.

        To be overridden.
        """
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx, inputs, output):
        """Store in ``ctx`` what ``backward`` needs; ``inputs`` is the tuple of forward's arguments."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx, *grad_outputs):
        """The gradient of each argument of forward, from the gradient of each output.

        To be overridden, under this name or as ``vjp``.
        """
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to "
            "use it with backward mode AD."
        )

    vjp = backward

    @staticmethod
    def jvp(ctx, *grad_inputs):
        """The derivative of each output, from that of each argument of forward.

        To be overridden. It is used, in both directions, only where there is no ``backward``.
        """
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )

    @classmethod
    def _mytorch_rule(cls):
        """The user's gradient: ``backward``, or ``vjp`` if only that is overridden; that by ``jvp`` where it
        is the only one, and where there may be tangents.
        """
        rule = cls.vjp if cls.backward is Function.backward else cls.backward
        by_jvp = cls.jvp is not Function.jvp and (dual_levels or rule is Function.vjp)
        return functools.partial(transposed_jvp, cls) if by_jvp else rule

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
    """Decorate a ``backward`` that cannot be differentiated: doing so raises RuntimeError."""

    @functools.wraps(backward)
    def wrapper(ctx, *gradients):
        with grad_mode.no_grad():
            result = backward(ctx, *gradients)
        recorded = any(isinstance(g, Variable) and g._node is not None for g in gradients)
        if not (recorded and grad_mode.is_grad_enabled()):
            return result
        if dual_levels:
            raise NotImplementedError("with a backward that is once_differentiable, tangents need a jvp")
        outputs = result if isinstance(result, tuple) else (result,)
        leaves = (o.detach().requires_grad_() if isinstance(o, Variable) else o for o in outputs)
        outputs = _NotTwice.apply(*leaves)
        return outputs if isinstance(result, tuple) else outputs[0]

    return wrapper


class _NotTwice(Function):
    """The identity, whose backward raises RuntimeError."""

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
                "Some elements marked as dirty during the forward method were not returned as output. The "
                "inputs that are modified inplace must all be outputs of the Function."
            )
        if recording:
            prepare_write(x)  # raises for leaves


def _record(cls, ctx, args, results):
    """Make the node of the call, with the saved tensors, and connect the outputs to it."""
    edges = tuple(a._node for a, needs in zip(args, ctx.needs_input_grad) if needs)
    node = FunctionNode(cls._mytorch_plans[bool(ctx._mytorch_to_save)], edges, ctx, args)
    ctx._mytorch_node = weakref.ref(node)
    seen, own = {id(a) for a in args}, []
    for r in results:
        own.append(_own_output(ctx, args, r, again=id(r) in seen))
        seen.add(id(r))
    results = own
    node.results = list(map(tensor_meta, results))
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
        *(None if t is None else SavedTensor(t, places.get(id(t))) for t in ctx._mytorch_to_save),
    )
    # outputs in the context would be a reference cycle through the node
    ctx._mytorch_to_save = ctx._mytorch_dirty = ctx._mytorch_fixed = ()
    if detect_anomaly.enabled:
        node.origin = traceback.format_stack()[:-2]
    return tuple(results)


def _own_output(ctx, args, result, again):
    """``result``, or a new tensor on its memory if it is an input, a view of one, or an output ``again``."""
    if not isinstance(result, Variable) or _is_in(result, ctx._mytorch_dirty):
        return result
    if not again and result._base is None:
        return result
    source = _source(result, args)
    if source is None and not again:
        return result
    new = wrap(result.array)
    if source is not None:
        base = source if source._base is None else source._base
        new._counter = source._counter
        new._base, new._view, new._base_node = base, (None, _forbidden, (), {}, None), base._node
    if _is_in(result, ctx._mytorch_fixed):
        ctx._mytorch_fixed += (new,)
    return new


def _source(result, args):
    """The argument that ``result`` is, or is a view of; None without one."""
    if _is_in(result, args):
        return result
    return next((a for a in args if isinstance(a, Variable) and _shares(result, a)), None)


def _shares(result, argument):
    return result._base is not None and (result._base is argument or result._base is argument._base)


def _forbidden(base):
    raise RuntimeError(
        "An output of a custom Function is a view of its input (or the input itself) and one of them "
        "is being modified inplace. This view was created inside a custom Function (or because an input "
        "was returned as-is) and the autograd logic to handle view+inplace would override the custom "
        "backward associated with the custom Function, leading to incorrect gradients. This behavior is "
        "forbidden. You can fix this by cloning the output of the custom Function."
    )
