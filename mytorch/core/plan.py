"""What one operation records for one set of inputs that want a gradient, and how it runs back."""

from __future__ import annotations

import copy
import itertools

from .graph import Variable

MANY = 32  # inputs of one operation, from where on they are looped over and not spelled out


class Plan:
    """Made once for an operation and a pattern of inputs, then only looked up.

    ``record`` says what a Node keeps, ``vjp`` gives the gradients of the inputs from what was kept. Both are
    compiled from the names that the rules ask for, so that forward and back an operation costs one plain
    call each. For ``mul``, whose rules are ``x=lambda g, y: g * y`` and ``y=lambda g, x: g * x``, they are

        record = lambda inputs, arrays, out, extras, settings, counter: (
            (inputs[0]._node, inputs[1]._node,),        # the edges to the nodes of x and y
            (arrays[1], arrays[0],),                    # what the rules read: y and x
            (inputs[1]._counter, inputs[0]._counter,),  # the version counters of what is kept
        )
        vjp = lambda gradient, saved: (rules[0](gradient, saved[0]), rules[1](gradient, saved[1]),)
    """

    __slots__ = (
        "frees guarded keeps_out live name op record rules saves constants vjp wants with_complex".split()
    )

    def __init__(self, op, inputs):
        names, variadic = op.inputs, op.signature.variadic
        variables = [i for i, v in enumerate(inputs) if isinstance(v, Variable)]
        live = [i for i in variables if inputs[i]._node is not None]
        self.op, self.name, self.with_complex = op, op.node_name, None
        self.live = tuple(i for i in live if op.joint or names[i] in op.rules)
        self.rules = (op.joint,) if op.joint else tuple(op.rules[names[i]] for i in self.live)
        self.wants = tuple(op.wants(rule) for rule in self.rules)
        wanted = {name for wants in self.wants for name in wants}
        everything = op.composed or variadic in wanted  # a definition needs all inputs again
        self.guarded = [i for i in variables if everything or (not variadic and names[i] in wanted)]
        self.constants = [i for i in self.guarded if i not in live]  # kept, without a gradient
        self.keeps_out = bool(wanted & {"out", *op.outputs})
        self.saves = frozenset(wanted)
        self.frees = bool(self.guarded or self.keeps_out or wanted & set(op.aux))
        sources = _sources(op)
        if unknown := wanted - sources.keys():
            raise TypeError(
                f"{op.name}: a rule asks for {sorted(unknown)}, which are neither inputs, outputs nor "
                "settings"
            )
        needs = tuple(isinstance(v, Variable) and v._node is not None for v in inputs)
        self.record = self._compile_record(sources, needs)
        self.vjp = self._compile_vjp()

    def _compile_record(self, sources, needs):
        edges = _tuple(_each("inputs[{}]._node", self.live, "live"))
        saved = _tuple(sources[name] for wants in self.wants for name in wants)
        guards = _tuple(_each("inputs[{}]._counter", self.guarded, "guarded") + ["counter"] * self.keeps_out)
        return eval(
            f"lambda inputs, arrays, out, extras, settings, counter: ({edges}, {saved}, {guards})",
            {"live": self.live, "guarded": self.guarded, "needs": needs},
        )

    def _compile_vjp(self):
        position = itertools.count()
        calls = [
            f"rules[{i}]({', '.join(['gradient', *(f'saved[{next(position)}]' for _ in wants)])})"
            for i, wants in enumerate(self.wants)
        ]
        if self.op.joint:  # one rule gives the gradients of all inputs: those of the live ones
            gradients = _tuple([f"every := {calls[0]}", *_each("every[{}]", self.live, "live")]) + "[1:]"
        else:
            gradients = _tuple(calls)
        return eval(f"lambda gradient, saved: {gradients}", {"rules": self.rules, "live": self.live})

    def for_complex(self):
        """The plan for complex results. NotImplementedError if the rules do not serve them."""
        if self.with_complex is None:
            if self.op.complex in (None, "values"):
                raise NotImplementedError(f"{self.op.public}: complex numbers are not differentiated")
            self.with_complex = plan = copy.copy(self)
            if self.op.complex == "holomorphic":
                plan.vjp = lambda gradient, saved: _conjugates(self.vjp(_conjugates(gradient), saved))
        return self.with_complex


def _conjugates(values):
    """The conjugate of an array or a Variable; of each one in a tuple, where None stays."""
    if type(values) is tuple:
        return tuple(v if v is None else v.conj() for v in values)
    return values.conj()


def _tuple(parts):
    """The source of a tuple."""
    return "(" + "".join(f"{part}, " for part in parts) + ")"


def _each(item, positions, name):
    """Sources of ``item`` at each of ``positions``: spelled out, or if they are many one loop over the tuple
    called ``name``.
    """
    if len(positions) > MANY:
        return [f"*[{item.format('i')} for i in {name}]"]
    return [item.format(i) for i in positions]


def _sources(op):
    """Where each name that a rule may ask for is found when a call is recorded."""
    sources = {"out": "out", "needs": "needs"}
    sources |= {name: f"settings[{name!r}]" for name in op.signature.defaults}
    sources |= {name: f"extras[{i}]" for i, name in enumerate(op.aux)}
    sources |= {name: f"out[{i}]" for i, name in enumerate(op.outputs)}
    for i, name in enumerate(op.inputs):
        sources |= {name: f"arrays[{i}]"}
        sources |= {f"{name}_{what}": f"arrays[{i}].{what}" for what in ("shape", "dtype")}
    if name := op.signature.variadic:
        sources |= {name: "arrays"}
        sources |= {f"{name}_{what}": f"tuple(a.{what} for a in arrays)" for what in ("shape", "dtype")}
    return sources
