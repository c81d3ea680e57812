"""What an operation is: ``@primitive`` makes one of a function on arrays and a formula for each gradient.

Called with arrays, an operation returns arrays: so the formulas run in an ordinary backward. Called with
Variables, it returns a Variable and, where a gradient is wanted, records a Node in the graph (``graph.py``).
"""

from __future__ import annotations

import functools
import inspect
import traceback
from collections.abc import Callable

import numpy

from .anomaly_mode import detect_anomaly
from .arrays import as_array, ndarray, quietly
from .compiled_call import MISSING, can_be_compiled, compiled_call
from .errors import explain, refuse_complex, refuse_inference
from .graph import Name, Node, Variable, clock, grad_state, note_reader, note_view, output_edge, refresh, wrap
from .plan import MANY, Plan
from .signature import Signature

_new, _FLOAT32, _FLOAT64 = object.__new__, numpy.dtype("float32"), numpy.dtype("float64")

# every operation, for the tests and for ``python -m mytorch.gradcheck``
primitives: dict[str, Primitive] = {}


def primitive(forward=None, /, **declaration):
    """Make an operation of a function on arrays: ``@primitive(x=lambda g, out: g * out)``.

    Positional parameters of ``forward`` are arrays, keyword-only ones are settings (``signature.py``). Each
    rule, named after an input, maps the gradient of the output to that of the input; its further parameters
    say what to save: ``out``, an input, ``<input>_shape``, ``<input>_dtype``, a setting, an ``aux`` or
    ``outputs`` name, ``needs`` (which inputs want a gradient).

    composed: the definition in differentiable operations; then rules may be array-only, and higher orders use
        it.
    joint: one rule for all inputs that returns a gradient (or None) for each.
    aux: names of what ``forward`` returns after the output, only for the rules.
    outputs: names of several outputs. A tuple without names: each is an output.
    prepare: settles dtypes and devices of the arrays before ``forward``.
    view: the result may share memory with the first input.
    broadcasts: inputs broadcast; their gradients are summed back to their shapes (and cast to their dtypes).
    copy_on_write: "out" or "x", the first input: the rules get a copy before that tensor is changed in
        place, since PyTorch's do not read it; layers such as ReLU(inplace=True) may follow.
    complex: None: complex numbers are refused, as they have no order. Else whether the rules serve them; the
        gradient of a complex number is that of the real part plus i times that of the imaginary part. True:
        as they are written; the operation is linear, or they conjugate what they must. "holomorphic": they
        are the real derivative, so they are run on the conjugate of the gradient, and what they give is
        conjugated. "values": not at all, recording is refused.
    later: inputs whose gradients another thread may compute, if they are leaves, while the walk goes on.
    name: the operation's name; that of ``forward`` without underscores if not given.
    """
    if forward is None:
        return functools.partial(primitive, **declaration)
    op = Primitive(forward, **declaration)
    primitives[op.name] = op
    return op.as_function()


class Primitive:
    """An operation: its function on arrays, its rules, and the plans of what its calls record."""

    public = property(lambda self: self.name)  # the function that users call: ops/nodes.py knows better
    into: Callable | None = None  # how ``out=`` is served: set by ops/composite.py
    instead: Callable = staticmethod(explain)  # what a call gives that fails: set by tensors/tensor.py
    # (result,) where ``forward``, or a plan's rules, fail for batched arrays: set by func/operation_rules.py
    rescue: Callable = staticmethod(lambda op_or_plan, arrays, settings: None)

    def __init__(
        self,
        forward,
        *,
        composed=None,
        joint=None,
        aux=(),
        outputs=(),
        prepare=None,
        view=False,
        broadcasts=False,
        copy_on_write=None,
        complex=None,
        later=(),
        name=None,
        **rules,
    ):
        self.forward, self.rules, self.composed, self.joint = forward, rules, composed, joint
        self.aux, self.outputs, self.prepare = aux, outputs, prepare
        self.view, self.broadcasts, self.complex = view, broadcasts, complex
        self.copy_on_write, self.later = copy_on_write, later
        self.name = name or forward.__name__.strip("_")
        self.node_name = Name("".join(part.capitalize() for part in self.name.split("_")) + "Backward0")
        self.differentiable = bool(rules or joint)
        self.signature = Signature(forward, self, self.differentiable)
        self.inputs, self.casts = self.signature.inputs, "dtype" in self.signature.defaults
        self.plans: dict[int, Plan] = {}
        self._wants: dict = {}
        if unknown := rules.keys() - set(self.inputs):
            raise TypeError(f"{self.name}: rules for {sorted(unknown)}, which are not inputs {self.inputs}")

    def wants(self, rule):
        """The names that ``rule`` reads after the gradient: what has to be saved for it."""
        if rule not in self._wants:
            self._wants[rule] = tuple(inspect.signature(rule).parameters)[1:]
        return self._wants[rule]

    def called(self, arrays):
        """The name that users know a call by."""
        return self.public.format(getattr(arrays[0], "ndim", 2) - 2) if arrays else self.public

    def as_function(self):
        """The operation as the function that is public."""
        forward, general = self.forward, lambda *inputs, **settings: self(*inputs, **settings)
        function = compiled_call(self) if can_be_compiled(self.signature) else general
        function.__name__ = function.__qualname__ = self.name
        function.__doc__, function.__module__, function.primitive = forward.__doc__, forward.__module__, self
        function.__signature__ = inspect.signature(forward)
        self.function = function
        return function

    def __call__(self, /, *inputs, **settings):
        """What a call does, for any operation. ``compiled_call.py`` unrolls it."""
        if "out" in settings:
            return Primitive.into(self.function, inputs, settings)
        inputs, settings = self.signature.settle(inputs, settings)
        given, pattern = [], 1  # a number that says which inputs are Variables and which want a gradient
        found = live = False
        for value in inputs:
            pattern *= 3
            if isinstance(value, Variable):
                if value._base is not None and value._base._node is not value._base_node:
                    refresh(value)
                found, live = True, live or value._node is not None
                pattern += 1 if value._node is None else 2
                value = value.array
            given.append(value)
        arrays, extras = given, None
        try:
            if self.prepare is not None:
                arrays = self.prepare(given)
            if self.complex is None:
                refuse_complex(self, arrays)
            out = quietly(self.forward, *arrays, **settings)
        except Exception as error:
            if (rescued := quietly(Primitive.rescue, self, arrays, settings)) is None:
                return Primitive.instead(self, inputs, settings, error)
            (out,) = rescued
        if self.aux:
            out, *extras = out
        if not found:
            return out  # arrays in, arrays out
        node, counter = None, [0, 0]
        if live and self.differentiable and grad_state.get():
            node = self.record(pattern, inputs, given, arrays, out, extras, settings, counter)
        if type(out) is tuple:
            return self.several(out, node, inputs, settings)
        new = wrap(as_array(out), node)
        new._counter = counter
        if self.view:
            note_view(new, self.function, inputs, settings)
        return new

    def sort_out(self, given, more, others):
        """A call whose arguments are not all plain: others than the parameters, or not of their kinds."""
        if more:
            return self(*given.values(), *more, **others)
        known = self.signature.when_left_out
        settings = {n: v for n, v in given.items() if v is not MISSING and v is not known.get(n, MISSING)}
        return self(**settings, **others)

    def record(self, pattern, inputs, given, arrays, out, extras, settings, counter):
        """The Node of a call. ``given`` are the arrays before and ``arrays`` those after ``prepare``,
        ``counter`` is the version counter of the output.
        """
        plan = self.plans.get(pattern)
        if plan is None:
            plan = Plan(self, inputs)
            if len(inputs) <= MANY:
                self.plans[pattern] = plan
        for i in plan.constants:
            if inputs[i]._inference:
                refuse_inference()
        node = _new(Node)
        node.plan, node.order = plan, next(clock)
        node.edges, node.saved, node.guards = plan.record(inputs, arrays, out, extras, settings, counter)
        if self.broadcasts or self.casts or given is not arrays:
            shape = out.shape if self.broadcasts else None
            for i in plan.live:
                x, cast = given[i], self.casts and given[i].dtype != out.dtype
                if x is not arrays[i] or cast or (shape is not None and x.shape != shape):
                    node.restore = tuple((given[k].shape, given[k].dtype) for k in plan.live)
                    break
        if self.complex is not True and type(out) is not tuple:
            kind = out.dtype
            if kind is not _FLOAT32 and kind is not _FLOAT64 and kind.kind == "c":
                take_complex(node, inputs)
        if self.copy_on_write == "x":
            note_reader(inputs[0]._counter, node)
        if self.composed is not None:
            node.definition = (tuple(arrays), settings)
        if detect_anomaly.enabled:
            node.origin = traceback.format_stack()[:-2]
        return node

    def several(self, arrays, node, inputs, settings):
        """The Variables of several outputs; those of integers and booleans carry no gradient."""
        if node is None and not self.view:
            return tuple([wrap(a if type(a) is ndarray else as_array(a)) for a in arrays])
        if node is not None:
            node.outputs = tuple((a.shape, a.dtype) for a in arrays)
            if any(a.dtype.kind == "c" for a in arrays):
                take_complex(node, inputs)
        results = []
        for index, array in enumerate(map(as_array, arrays)):
            edge = output_edge(node, index) if node is not None and array.dtype.kind in "fcV" else None
            new = wrap(array, edge)
            if self.view:
                note_view(new, self.function, inputs, settings, index)
            results.append(new)
        if node is not None and node.plan.keeps_out:
            saved = self.outputs if "out" in node.plan.saves else node.plan.saves
            node.guards += tuple(
                new._counter for i, new in enumerate(results) if not self.outputs or self.outputs[i] in saved
            )
        return tuple(results)


def take_complex(node, inputs):
    """``node`` recorded complex numbers: real inputs beside them get the real part of their gradients."""
    plan = node.plan
    if plan.live:
        node.plan = plan.for_complex()
        node.restore = tuple((inputs[i].array.shape, inputs[i].array.dtype) for i in plan.live)
