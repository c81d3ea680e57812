"""How operations are declared and recorded. This file knows no operation.

``@primitive`` turns a function on raw arrays into one that also takes Variables and records a Node in the
graph (``graph.py``).
"""

from __future__ import annotations

import inspect
import itertools
import traceback

import numpy

from . import graph
from .anomaly_mode import detect_anomaly
from .arrays import QUIET, as_array, broadcast_shape, device_of, float_errors
from .dtypes import as_dtype, category
from .graph import Name, Node, Variable, clock, grad_state, note_view, output_edge, refresh, wrap
from .out import into
from .scalar_arguments import PLAIN, number_settings

ndarray, _new = numpy.ndarray, object.__new__


class Plan:
    """What to do for one operation with one set of live inputs; made once, then only looked up."""

    __slots__ = (
        "frees",
        "guarded",
        "keeps_out",
        "live",
        "name",
        "op",
        "record",
        "rules",
        "saves",
        "steps",
        "wants",
    )

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
            sources |= {
                name: "a",
                f"{name}_shape": "tuple(b.shape for b in a)",
                f"{name}_dtype": "tuple(b.dtype for b in a)",
            }
        wanted = {name for wants in self.wants for name in wants}
        if unknown := wanted - set(sources):
            raise TypeError(
                f"{op.name}: a rule asks for {sorted(unknown)}, which are neither inputs, outputs nor "
                "settings"
            )
        everything = op.composed or op.variadic in wanted  # a definition needs all inputs again
        self.guarded = guarded = [i for i in variables if everything or names[i] in wanted]
        self.keeps_out = bool(wanted & {"out", *op.outputs})
        self.saves = frozenset(wanted)
        self.frees = bool(guarded or self.keeps_out or wanted & set(op.aux))
        # Both steps are compiled, once, so that on the way forward and back each operation costs one plain
        # call.
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

    def __init__(
        self, forward, rules, *, composed, joint, aux, outputs, prepare, view, broadcasts, name, spare=False
    ):
        self.forward, self.rules, self.composed, self.joint = forward, rules, composed, joint
        self.aux, self.outputs, self.prepare, self.view, self.broadcasts, self.spare = (
            aux,
            outputs,
            prepare,
            view,
            broadcasts,
            spare,
        )
        self.name = name or forward.__name__.strip("_")
        self.node_name = Name("".join(part.capitalize() for part in self.name.split("_")) + "Backward0")
        parameters = inspect.signature(forward).parameters.values()
        positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        self.variadic = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), None)
        self.inputs = tuple(p.name for p in positional)
        self.optional = {p.name: p.default for p in positional if p.default is not p.empty}
        self.defaults = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
        self.required = [
            name for name, default in self.defaults.items() if default is inspect.Parameter.empty
        ]
        self.known = {name: default for name, default in self.defaults.items() if name not in self.required}
        self.flags = [name for name, default in self.known.items() if default is True or default is False]
        self.numbers = [(name, check) for _, name, check in number_settings(forward)]
        self.typed = self.known.get("dtype", ()) is None and bool(rules or joint)
        arity, order = len(self.inputs), list(self.defaults)
        least = arity + 1 + max((order.index(name) for name in self.required), default=0)
        # how many, with settings in their order: x.sum(1)
        self.in_order = range(0) if self.variadic else range(least, arity + len(order) + 1)
        self._wants: dict = {}
        unknown = set(rules) - set(self.inputs)
        if unknown:
            raise TypeError(f"{self.name}: rules for {sorted(unknown)}, which are not inputs {self.inputs}")

    def wants(self, rule):
        """The names that ``rule`` reads after the gradient: what has to be saved for it."""
        if rule not in self._wants:
            self._wants[rule] = tuple(inspect.signature(rule).parameters)[1:]
        return self._wants[rule]

    aliases = {
        "axis": "dim",
        "keepdims": "keepdim",
        "input": "x",
        "other": "y",
        "self": "x",
        "a_min": "min",
        "a_max": "max",
    }
    aliases |= {"exponent": "y", "values": "y"}  # torch's for pow and heaviside

    def settle(self, inputs, settings):
        """The inputs of a call and all settings by name, each of its kind.

        TypeError for arguments that do not fit.
        """
        arity = len(self.inputs)
        if settings.keys() <= self.defaults.keys() and (self.variadic or len(inputs) == arity):
            settings = {**self.known, **settings}
        elif not settings and len(inputs) in self.in_order:
            settings = {**self.known, **dict(zip(self.defaults, inputs[arity:]))}
            inputs = inputs[:arity]
        else:
            inputs, settings = self.bind(inputs, settings)
        if self.typed and settings["dtype"] is not None:
            refuse_integer_results(self, inputs, settings["dtype"])
        for name in self.flags:
            if settings[name] is not True and settings[name] is not False:
                raise TypeError(
                    f"{self.name}(): argument {name!r} must be bool, not {type(settings[name]).__name__}"
                )
        for name, check in self.numbers:
            if type(settings[name]) not in PLAIN:
                settings[name] = check(settings[name], self.name, name)
        return inputs, settings

    def bind(self, inputs, settings):
        """Sort positional and keyword arguments into arrays and settings; NumPy's spellings are accepted."""
        inputs, bound, placed = list(inputs), dict(self.defaults), set()
        if not self.variadic:
            options = iter(self.defaults)
            for value in inputs[len(self.inputs) :]:
                name = next(options, None)
                if name is None:
                    raise TypeError(
                        f"{self.name}() takes {len(self.inputs) + len(self.defaults)} positional "
                        f"arguments but {len(inputs)} were given"
                    )
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
                raise TypeError(
                    f"{self.name}() got an unexpected keyword argument {name!r}; it takes "
                    f"{', '.join((*self.inputs, *self.defaults))}"
                )
        missing = [n for n, v in zip(self.inputs, inputs) if v is Primitive] + [
            n for n in self.required if bound[n] is inspect.Parameter.empty
        ]
        if missing:
            raise TypeError(f"{self.name}() missing required argument: {', '.join(map(repr, missing))}")
        return inputs, bound


# every operation, for the tests and for ``python -m mytorch.gradcheck``
primitives: dict[str, Primitive] = {}


def primitive(
    forward=None,
    /,
    *,
    composed=None,
    joint=None,
    aux=(),
    outputs=(),
    prepare=None,
    view=False,
    broadcasts=False,
    spare=False,
    name=None,
    **rules,
):
    """Make an operation of a function on arrays.

    Positional parameters of ``forward`` are arrays, keyword-only ones are settings. Each rule, named after an
    input, maps the gradient of the output to that of the input; its further parameters say what to save:
    ``out``, an input, ``<input>_shape``, ``<input>_dtype``, a setting, an ``aux`` or ``outputs`` name,
    ``needs`` (which inputs want a gradient).

    composed: the definition in differentiable operations; then rules may be array-only, and higher orders use
        it.
    joint: one rule for all inputs that returns a gradient (or None) for each.
    aux: names of what ``forward`` returns after the output, only for the rules.
    outputs: names of several outputs. A tuple without names: each is an output.
    prepare: settles dtypes and devices of the arrays before ``forward``.
    view: the result may share memory with the first input.
    broadcasts: inputs broadcast; their gradients are summed back to their shapes (and cast to their dtypes).
    spare: before an in-place change of the output the rules get a copy, since PyTorch's do not read it:
        layers such as ReLU(inplace=True) may follow.
    """
    if forward is None:
        return lambda f: primitive(
            f,
            composed=composed,
            joint=joint,
            aux=aux,
            outputs=outputs,
            prepare=prepare,
            view=view,
            broadcasts=broadcasts,
            spare=spare,
            name=name,
            **rules,
        )
    op = Primitive(
        forward,
        rules,
        composed=composed,
        joint=joint,
        aux=aux,
        outputs=outputs,
        prepare=prepare,
        view=view,
        broadcasts=broadcasts,
        spare=spare,
        name=name,
    )
    primitives[op.name] = op
    plans, differentiable = {}, bool(rules or joint)
    casts = "dtype" in op.defaults
    exact = len(op.inputs) if not (op.defaults or op.variadic) else -1  # how many inputs need no sorting out

    def call(*inputs, **settings):
        if settings or len(inputs) != exact:
            if "out" in settings:
                return into(call, inputs, settings)
            inputs, settings = op.settle(inputs, settings)
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
            node.plan, node.order = plan, next(clock)
            node.edges, node.saved, node.guards = plan.record(inputs, arrays, out, extras, settings, counter)
            if broadcasts:
                shape = out.shape
                for i in plan.live:
                    if (
                        given[i].shape != shape
                        or given[i] is not arrays[i]
                        or (casts and given[i].dtype != out.dtype)
                    ):
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
        new = _new(graph.result_type)
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
        node.guards += tuple(
            new._counter for i, new in enumerate(results) if not op.outputs or op.outputs[i] in saves
        )
    return tuple(results)


def refuse_integer_results(op, inputs, dtype):
    """A gradient is wanted, and ``dtype`` has none."""
    live = grad_state.get() is True and any(isinstance(v, Variable) and v._node is not None for v in inputs)
    if live and category(as_dtype(dtype).numpy) < 2:
        raise RuntimeError(
            f"{op.name}(): Autograd not support dtype: {as_dtype(dtype)}, but the input requires grad"
        )


def refuse_inference(plan, inputs):
    """A tensor made under inference_mode has no version, so nobody could tell whether a saved one is
    intact."""
    if any(inputs[i]._inference for i in plan.guarded):
        raise RuntimeError(
            "Inference tensors cannot be saved for backward. Please do not use Tensors created in "
            "inference mode in computation tracked by "
            "autograd. To work around this, you can make a clone to get a normal tensor and use it in "
            "autograd, or use `torch.no_grad()` "
            "instead of `torch.inference_mode()`."
        )


def explain(op, inputs, settings, error):
    """The same error with the operation, its inputs and their devices in the message."""
    arrays = [v.array if isinstance(v, Variable) else v for v in inputs]
    devices = sorted({str(device_of(a)) for a in arrays if hasattr(a, "dtype") and hasattr(a, "shape")})
    described = ", ".join(
        f"{a.dtype!s}{list(a.shape)}" if hasattr(a, "dtype") and hasattr(a, "shape") else repr(a)
        for a in arrays
    )
    described += "".join(f", {name}={value!r}" for name, value in settings.items())
    if len(devices) > 1:
        text = (
            "Expected all tensors to be on the same device, but found at least two devices, "
            f"{' and '.join(devices)}! (in {op.name}({described}))"
        )
        return RuntimeError(text)
    if isinstance(error, ValueError) and "broadcast" in str(error):
        try:
            broadcast_shape(*(a.shape for a in arrays if hasattr(a, "shape")))
        except RuntimeError as in_torchs_words:
            error = in_torchs_words
    if getattr(error, "explained", False) or isinstance(error, (NotImplementedError, MemoryError)):
        return error
    kind = (
        type(error)
        if isinstance(error, (TypeError, IndexError, RuntimeError, OverflowError))
        else RuntimeError
    )
    if isinstance(error, AttributeError):  # something that is no array at all
        kind = TypeError
    new = kind(f"{op.name}({described}): {error}")
    new.explained = True
    return new
