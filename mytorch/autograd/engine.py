"""The graph: how operations are declared and recorded. This file knows no operation.

``@primitive`` turns a function on raw arrays into one that also takes Variables and records a Node. A Node holds its
rules, what they asked to save, and edges to the nodes of its inputs; never its outputs, so there are no reference
cycles and a dropped graph is freed at once. ``walk.py`` goes back through it.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import traceback
import warnings
import weakref

import numpy

from ..backend import QUIET, as_array, broadcast_shape, device_of, float_errors
from ..dtypes import as_dtype, category
from . import grad_mode
from .anomaly_mode import detect_anomaly

ndarray, grad_state, _new = numpy.ndarray, grad_mode.mode, object.__new__
_clock = itertools.count(0, -1)  # later is smaller, so that a heap yields the newest node first


def now():
    """The time, on the clock that orders nodes: smaller is later."""
    return next(_clock)


result_type: type = object  # what operations return: Tensor


class Variable:
    """An array and its place in the graph. Tensor adds the operators and methods."""

    array: numpy.ndarray  # the values, NumPy's or CuPy's
    _node = None  # what made it (Node, Output), a Leaf if it collects a gradient, None if no gradient is wanted
    _counter: list  # [number of in-place changes, clock of the last one], one for all views of the same memory
    _base = None  # for a view: the Variable that it was taken from,
    _view = None  # the function that takes it from there,
    _base_node = None  # and the base's node at that time
    _leaf = None  # where ``.grad`` is kept
    _inference = False

    def __init_subclass__(cls, results=False, **kwargs):
        """``results=True``: operations return this class."""
        global result_type
        super().__init_subclass__(**kwargs)
        if results:
            result_type = cls


def wrap(array, node=None, cls=None):
    """A Variable of ``array`` (not copied), made by ``node``."""
    cls = cls or result_type
    new = _new(cls)
    new.array, new._node, new._counter = array, node, [0, 0]
    if grad_state.get() is None:
        new._inference = True
    return new


class Name(str):
    """A node's name: an attribute and, as in torch, a method."""

    __slots__ = ()

    def __call__(self):
        return str(self)


class Leaf:
    """The end of an edge: where gradients of one leaf are summed. It does not point back at the Variable."""

    __slots__ = ("__weakref__", "dtype", "grad", "hooks", "order", "post_hooks", "shape")
    plan, name = None, Name("AccumulateGrad")

    def __init__(self, array):
        self.shape, self.dtype, self.order = array.shape, array.dtype, next(_clock)
        self.grad = self.hooks = self.post_hooks = None

    next_functions = ()


class Output:
    """The edge to one of several outputs of a node."""

    __slots__ = ("__weakref__", "hooks", "index", "order", "parent")
    plan = None

    def __init__(self, parent, index):
        self.parent, self.index, self.order, self.hooks = parent, index, next(_clock), None

    name = property(lambda self: self.parent.name)
    next_functions = property(lambda self: self.parent.next_functions)


class Node:
    """One recorded operation."""

    hooks = definition = origin = outputs = output_edges = restore = None  # set only where there is something to tell

    def __init__(self, plan, edges, saved, guards):
        self.plan, self.edges, self.saved, self.guards, self.order = plan, edges, saved, guards, next(_clock)

    @property
    def name(self):
        return self.plan.name

    @property
    def next_functions(self):
        """((node, output index), …) of the inputs, as in torch."""
        return tuple((e.parent, e.index) if type(e) is Output else (e, 0) for e in self.edges)

    def __repr__(self):
        return f"<{self.name} object at 0x{id(self):x}>"


Leaf.__repr__ = Output.__repr__ = Node.__repr__  # type: ignore[method-assign, assignment]


# ---- operations -------------------------------------------------------------------------------------------------


class Plan:
    """What to do for one operation with one set of live inputs; made once, then only looked up."""

    __slots__ = ("frees", "guarded", "keeps_out", "live", "name", "op", "record", "rules", "saves", "steps", "wants")

    def __init__(self, op, inputs):
        names = tuple(f"{op.variadic}{i}" for i in range(len(inputs))) if op.variadic else op.inputs
        variables = [i for i, v in enumerate(inputs) if isinstance(v, Variable)]
        live = [i for i in variables if inputs[i]._node is not None]
        self.op, self.name = op, op.node_name
        self.live = tuple(i for i in live if op.joint or names[i] in op.rules)
        self.rules = (op.joint,) if op.joint else tuple(op.rules[names[i]] for i in self.live)
        self.wants = tuple(op.wants(rule) for rule in self.rules)
        sources = {"out": "o", "needs": repr(tuple(i in live for i in range(len(inputs))))}
        sources |= {name: f"s[{name!r}]" for name in op.defaults}
        sources |= {name: f"x[{i}]" for i, name in enumerate(op.aux)}
        sources |= {name: f"o[{i}]" for i, name in enumerate(op.outputs)}
        for i, name in enumerate(names):
            sources |= {name: f"a[{i}]", f"{name}_shape": f"a[{i}].shape", f"{name}_dtype": f"a[{i}].dtype"}
        if op.variadic:
            name = op.variadic
            sources |= {name: "a", f"{name}_shape": "tuple(b.shape for b in a)", f"{name}_dtype": "tuple(b.dtype for b in a)"}
        wanted = {name for wants in self.wants for name in wants}
        if unknown := wanted - set(sources):
            raise TypeError(f"{op.name}: a rule asks for {sorted(unknown)}, which are neither inputs, outputs nor settings")
        everything = op.composed or op.variadic in wanted  # a definition needs all inputs again
        self.guarded = guarded = [i for i in variables if everything or names[i] in wanted]
        self.keeps_out = bool(wanted & {"out", *op.outputs})
        self.saves = frozenset(wanted)
        self.frees = bool(guarded or self.keeps_out or wanted & set(op.aux))
        # Both steps are compiled, once, so that on the way forward and back each operation costs one plain call.
        edges = "".join(f"v[{i}]._node, " for i in self.live)
        saved = "".join(sources[name] + ", " for wants in self.wants for name in wants)
        guards = "".join(f"v[{i}]._counter, " for i in guarded) + ("c, " if self.keeps_out else "")
        self.record = eval(f"lambda v, a, o, x, s, c: (({edges}), ({saved}), ({guards}))")
        position = itertools.count()
        calls = [", ".join(["g", *(f"s[{next(position)}]" for _ in wants)]) for wants in self.wants]
        if op.joint:
            steps = f"(d := rules[0]({calls[0]}), " + "".join(f"d[{i}], " for i in self.live) + ")[1:]"
        else:
            steps = "(" + "".join(f"rules[{i}]({call}), " for i, call in enumerate(calls)) + ")"
        self.steps = eval(f"lambda g, s: {steps}", {"rules": self.rules})


class Primitive:
    """An operation: its forward function on arrays and one formula per differentiable input."""

    def __init__(self, forward, rules, *, composed, joint, aux, outputs, prepare, view, broadcasts, name):
        self.forward, self.rules, self.composed, self.joint = forward, rules, composed, joint
        self.aux, self.outputs, self.prepare, self.view, self.broadcasts = aux, outputs, prepare, view, broadcasts
        self.name = name or forward.__name__.strip("_")
        self.node_name = Name("".join(part.capitalize() for part in self.name.split("_")) + "Backward0")
        parameters = inspect.signature(forward).parameters.values()
        positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        self.variadic = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), None)
        self.inputs = tuple(p.name for p in positional)
        self.optional = {p.name: p.default for p in positional if p.default is not p.empty}
        self.defaults = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
        self.required = [name for name, default in self.defaults.items() if default is inspect.Parameter.empty]
        self._wants: dict = {}
        unknown = set(rules) - set(self.inputs)
        if unknown:
            raise TypeError(f"{self.name}: rules for {sorted(unknown)}, which are not inputs {self.inputs}")

    def wants(self, rule):
        """The names that ``rule`` reads after the gradient: what has to be saved for it."""
        if rule not in self._wants:
            self._wants[rule] = tuple(inspect.signature(rule).parameters)[1:]
        return self._wants[rule]

    aliases = {"axis": "dim", "keepdims": "keepdim", "input": "x", "other": "y", "self": "x", "a_min": "min", "a_max": "max"}
    aliases |= {"exponent": "y", "values": "y"}  # torch's for pow and heaviside

    def bind(self, inputs, settings):
        """Sort positional and keyword arguments into arrays and settings; NumPy's spellings are accepted."""
        inputs, bound, placed = list(inputs), dict(self.defaults), set()
        if not self.variadic:
            options = iter(self.defaults)
            for value in inputs[len(self.inputs) :]:
                name = next(options, None)
                if name is None:
                    raise TypeError(f"{self.name}() takes {len(self.inputs) + len(self.defaults)} positional arguments but {len(inputs)} were given")
                bound[name] = value
                placed.add(name)
            given = len(inputs[: len(self.inputs)])
            inputs = [*inputs[:given], *(self.optional.get(name, Primitive) for name in self.inputs[given:])]
        for name, value in settings.items():
            name = name if name in bound or name in self.inputs else self.aliases.get(name, name)
            if name in bound and name not in placed:
                bound[name] = value
                placed.add(name)
            elif name in self.inputs and (i := self.inputs.index(name)) >= given:
                inputs[i] = value
            elif name in bound or name in self.inputs:
                raise TypeError(f"{self.name}() got multiple values for argument {name!r}")
            else:
                raise TypeError(f"{self.name}() got an unexpected keyword argument {name!r}; it takes {', '.join((*self.inputs, *self.defaults))}")
        missing = [n for n, v in zip(self.inputs, inputs) if v is Primitive] + [n for n in self.required if bound[n] is inspect.Parameter.empty]
        if missing:
            raise TypeError(f"{self.name}() missing required argument: {', '.join(map(repr, missing))}")
        return inputs, bound


primitives: dict[str, Primitive] = {}  # every operation, for the tests and for ``python -m mytorch.gradcheck``


def primitive(forward=None, /, *, composed=None, joint=None, aux=(), outputs=(), prepare=None, view=False, broadcasts=False, name=None, **rules):
    """Make an operation of a function on arrays.

    Positional parameters of ``forward`` are arrays, keyword-only ones are settings. Each rule, named after an input,
    maps the gradient of the output to that of the input; its further parameters say what to save: ``out``, an input, ``<input>_shape``,
    ``<input>_dtype``, a setting, an ``aux`` or ``outputs`` name, ``needs`` (which inputs want a gradient).

    composed: the definition in differentiable operations; then rules may be array-only, and higher orders use it.
    joint: one rule for all inputs that returns a gradient (or None) for each.
    aux: names of what ``forward`` returns after the output, only for the rules.
    outputs: names of several outputs. A tuple without names: each is an output.
    prepare: settles dtypes and devices of the arrays before ``forward``.
    view: the result may share memory with the first input.
    broadcasts: inputs broadcast; their gradients are summed back to their shapes (and cast to their dtypes).
    """
    if forward is None:
        return lambda f: primitive(
            f, composed=composed, joint=joint, aux=aux, outputs=outputs, prepare=prepare, view=view, broadcasts=broadcasts, name=name, **rules
        )
    op = Primitive(
        forward, rules, composed=composed, joint=joint, aux=aux, outputs=outputs, prepare=prepare, view=view, broadcasts=broadcasts, name=name
    )
    primitives[op.name] = op
    plans, arity, variadic, differentiable = {}, len(op.inputs), op.variadic, bool(rules or joint)
    names, defaults = set(op.defaults), {name: value for name, value in op.defaults.items() if name not in op.required}
    flags = [name for name, value in defaults.items() if value is True or value is False]
    typed = defaults.get("dtype", ()) is None and differentiable
    casts = "dtype" in names
    exact = arity if not (names or variadic) else -1  # how many inputs need no sorting out

    def call(*inputs, **settings):
        if settings or len(inputs) != exact:
            if "out" in settings:
                return into(call, inputs, settings)
            if settings.keys() <= names and (variadic or len(inputs) == arity):
                settings = {**defaults, **settings}
            else:
                inputs, settings = op.bind(inputs, settings)
            if typed and settings["dtype"] is not None:
                refuse_integer_results(op, inputs, settings["dtype"])
            for name in flags:
                if settings[name] is not True and settings[name] is not False:
                    raise TypeError(f"{op.name}(): argument {name!r} must be bool, not {type(settings[name]).__name__}")
        arrays, mask, found, live, frozen = [], 1, False, False, False
        for value in inputs:
            if isinstance(value, Variable):
                if value._base is not None and value._base._node is not value._base_node:
                    refresh(value)
                arrays.append(value.array)
                found = True
                if value._node is None:
                    mask = mask * 3 + 1
                    if value._inference:
                        frozen = True
                else:
                    mask = mask * 3 + 2
                    live = True
            else:
                arrays.append(value)
                mask *= 3
        token = float_errors.set(QUIET)
        try:
            given = arrays
            if prepare is not None:
                arrays = prepare(arrays)
            out = forward(*arrays, **settings)
        except Exception as error:
            raise explain(op, inputs, settings, error) from error
        finally:
            float_errors.reset(token)
        if aux:
            out, *extras = out
        else:
            extras = None
        if not found:
            return out  # arrays in, arrays out: how the formulas run in an ordinary backward
        state, node, counter = grad_state.get(), None, [0, 0]
        if live and state and differentiable:
            plan = plans.get(mask)
            if plan is None:
                plan = plans[mask] = Plan(op, inputs)
            if frozen:
                refuse_inference(plan, inputs)
            node = _new(Node)
            node.plan, node.order = plan, next(_clock)
            node.edges, node.saved, node.guards = plan.record(inputs, arrays, out, extras, settings, counter)
            if broadcasts:
                shape = out.shape
                for i in plan.live:
                    if given[i].shape != shape or given[i] is not arrays[i] or (casts and given[i].dtype != out.dtype):
                        node.restore = tuple((given[i].shape, given[i].dtype) for i in plan.live)
                        break
            if composed is not None:
                node.definition = (tuple(arrays), settings)
            if detect_anomaly.enabled:
                node.origin = traceback.format_stack()[:-1]
        if type(out) is tuple:
            return several(op, call, out, node, inputs, settings, state)
        if type(out) is not ndarray:
            out = as_array(out)
        new = _new(result_type)
        new.array, new._node, new._counter = out, node, counter
        if state is None:
            new._inference = True
        if view:
            note_view(new, call, inputs, settings)
        return new

    call.__name__ = call.__qualname__ = op.name
    call.__doc__, call.__module__, call.primitive = forward.__doc__, forward.__module__, op
    call.__signature__ = inspect.signature(forward)
    return call


def into(call, inputs, settings):
    """``call(…, out=target)``: the result is written into the tensor ``target``, which takes its shape; several results into a tuple of tensors.

    Not differentiable, as in torch.
    """
    name, settings = call.__name__, dict(settings)
    out = settings.pop("out")
    if out is None:
        return call(*inputs, **settings)
    targets = out if isinstance(out, (tuple, list)) else (out,)
    for target in targets:
        if not isinstance(target, Variable):
            raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(target).__name__}")
    given = [*inputs, *settings.values(), *targets]
    given += [v for values in given if isinstance(values, (tuple, list)) for v in values]
    if grad_state.get() is True and any(isinstance(v, Variable) and v._node is not None for v in given):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the arguments requires grad."
        )
    result = call(*inputs, **settings)
    if isinstance(result, Variable):
        if out is not target:
            raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
        write(result.array, target)
        return target
    if out is target or len(targets) != len(result):
        raise TypeError(f"{name}(): argument 'out' must be tuple of {len(result)} Tensors")
    for part, target in zip(result, targets):
        if part.array.dtype != target.array.dtype:
            raise RuntimeError(f"Expected out tensor to have dtype {part.array.dtype}, but got {target.array.dtype} instead")
    for part, target in zip(result, targets):
        write(part.array, target)
    return type(result)(*targets) if hasattr(result, "_fields") else tuple(targets)


def write(array, target):
    """The numbers of ``array`` into the tensor ``target``, which takes its shape and keeps its dtype. RuntimeError if that cannot hold them."""
    kind = target.array.dtype
    if category(array.dtype) > category(kind):
        raise RuntimeError(f"result type {array.dtype} can't be cast to the desired output type {kind}")
    if array.shape == target.array.shape:
        target.array[...] = array
    else:
        if target.array.size:
            warnings.warn(
                f"An output with one or more elements was resized since it had shape {list(target.array.shape)}, which does not match the "
                f"required output shape {list(array.shape)}.", stacklevel=4,
            )  # fmt: skip
        target.array = array.astype(kind)
    changed(target)


def takes_out(function):
    """Give a function of several operations the argument ``out``; a primitive has it by itself."""

    @functools.wraps(function)
    def call(*inputs, **settings):
        try:
            return into(function, inputs, settings) if "out" in settings else function(*inputs, **settings)
        except AttributeError as error:
            raise no_tensor(function, inputs, settings, error) from error

    return call


def no_tensor(function, inputs, settings, error):
    """A TypeError in the place of an AttributeError of an argument that is no tensor; else the same error."""
    if any(error.obj is value for value in (*inputs, *settings.values())) and not isinstance(error.obj, Variable):
        return TypeError(f"{function.__name__}(): expected a Tensor, not {type(error.obj).__name__} {error.obj!r:.40}")
    return error


def several(op, call, arrays, node, inputs, settings, state):
    """Wrap the outputs of an operation with several; those of integers and booleans carry no gradient."""
    if node is not None:
        node.outputs = tuple((a.shape, a.dtype) for a in arrays)
    results = []
    for index, array in enumerate(map(as_array, arrays)):
        edge = output_edge(node, index) if node is not None and array.dtype.kind in "fcV" else None
        new = wrap(array, edge)
        if op.view:
            note_view(new, call, inputs, settings, index)
        results.append(new)
    if node is not None and node.plan.keeps_out:
        saves = op.outputs if "out" in node.plan.saves else node.plan.saves
        node.guards += tuple(new._counter for i, new in enumerate(results) if not op.outputs or op.outputs[i] in saves)
    return tuple(results)


def refuse_integer_results(op, inputs, dtype):
    """A gradient is wanted, and ``dtype`` has none."""
    live = grad_state.get() is True and any(isinstance(v, Variable) and v._node is not None for v in inputs)
    if live and category(as_dtype(dtype).numpy) < 2:
        raise RuntimeError(f"{op.name}(): Autograd not support dtype: {as_dtype(dtype)}, but the input requires grad")


def refuse_inference(plan, inputs):
    """A tensor made under inference_mode has no version, so nobody could tell whether a saved one is intact."""
    if any(inputs[i]._inference for i in plan.guarded):
        raise RuntimeError(
            "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in computation tracked by "
            "autograd. To work around this, you can make a clone to get a normal tensor and use it in autograd, or use `torch.no_grad()` "
            "instead of `torch.inference_mode()`."
        )


def output_edge(node, index):
    """The edge to one output of ``node``: the same as long as anybody holds it, since hooks and gradients belong to it."""
    if node.output_edges is None:
        node.output_edges = {}
    known = node.output_edges.get(index)
    edge = known and known()
    if edge is None:
        edge = Output(node, index)
        node.output_edges[index] = weakref.ref(edge)
    return edge


def note_view(new, call, inputs, settings, index=None):
    """If ``new`` shares the memory of the input, tie them together: one change counter, and the way to take the view again."""
    source, array = inputs[0], new.array
    owner = array.base
    if not isinstance(source, Variable):
        return
    if array is not source.array and (owner is None or (owner is not source.array and owner is not source.array.base)):
        owner = getattr(owner, "base", None)  # NumPy's as_strided puts an object of its own between
        if owner is None or (owner is not source.array and owner is not source.array.base):
            return
    earlier, rest = source._view, inputs[1:]

    def retake(base):
        again = call(base if earlier is None else earlier(base), *rest, **settings)
        return again if index is None else again[index]

    new._counter, new._base, new._view = source._counter, source if source._base is None else source._base, retake
    new._base_node = new._base._node
    if new._inference is not source._inference:
        new._inference = source._inference


def refresh(view):
    """An in-place change gave the view's base a new node: take the view's node from there."""
    base, view._base_node = view._base, view._base._node
    if type(view._node) is Output:
        raise RuntimeError(
            f"Output {view._node.index} of {view._node.name} is a view and its base or another view of its base has been modified inplace. "
            "This view is the output of a function that returns multiple views. Such functions do not allow the output views to be modified "
            "inplace. You should replace the inplace operation by an out-of-place one."
        )
    if type(base._node) is not Leaf:  # a leaf that began to collect gradients later says nothing of older views
        again = view._view(base)
        if again.array.shape != view.array.shape or again.array.strides != view.array.strides:
            raise RuntimeError("a view can't be used after the shape of the tensor that it was taken from was changed in place")
        view._node = again._node
        view._base_node = base._node


last_change = [0]  # the clock at the newest in-place change of all: a node made after it has its values intact


def changed(*variables):
    """Note an in-place change of the memory of each of ``variables``."""
    last_change[0] = time = next(_clock)
    for variable in variables:
        counter = variable._counter
        counter[0] += 1
        counter[1] = time


def explain(op, inputs, settings, error):
    """The same error with the operation, its inputs and their devices in the message."""
    arrays = [v.array if isinstance(v, Variable) else v for v in inputs]
    devices = sorted({str(device_of(a)) for a in arrays if hasattr(a, "dtype") and hasattr(a, "shape")})
    described = ", ".join(f"{a.dtype!s}{list(a.shape)}" if hasattr(a, "dtype") and hasattr(a, "shape") else repr(a) for a in arrays)
    described += "".join(f", {name}={value!r}" for name, value in settings.items())
    if len(devices) > 1:
        text = f"Expected all tensors to be on the same device, but found at least two devices, {' and '.join(devices)}! (in {op.name}({described}))"
        return RuntimeError(text)
    if isinstance(error, ValueError) and "broadcast" in str(error):
        try:
            broadcast_shape(*(a.shape for a in arrays if hasattr(a, "shape")))
        except RuntimeError as in_torchs_words:
            error = in_torchs_words
    if getattr(error, "explained", False) or isinstance(error, (NotImplementedError, MemoryError)):
        return error
    kind = type(error) if isinstance(error, (TypeError, IndexError, RuntimeError, OverflowError)) else RuntimeError
    if isinstance(error, AttributeError):  # something that is no array at all
        kind = TypeError
    new = kind(f"{op.name}({described}): {error}")
    new.explained = True
    return new
