"""What one operation records for one set of inputs that want a gradient, and how it runs back."""

from __future__ import annotations

import itertools

from .graph import Variable


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
        "frees",
        "guarded",
        "keeps_out",
        "live",
        "name",
        "op",
        "record",
        "rules",
        "saves",
        "vjp",
        "wants",
    )

    def __init__(self, op, inputs):
        names = op.names_of(inputs)
        variables = [i for i, v in enumerate(inputs) if isinstance(v, Variable)]
        live = [i for i in variables if inputs[i]._node is not None]
        self.op, self.name = op, op.node_name
        self.live = tuple(i for i in live if op.joint or names[i] in op.rules)
        self.rules = (op.joint,) if op.joint else tuple(op.rules[names[i]] for i in self.live)
        self.wants = tuple(op.wants(rule) for rule in self.rules)
        wanted = {name for wants in self.wants for name in wants}
        everything = op.composed or op.signature.variadic in wanted  # a definition needs all inputs again
        self.guarded = [i for i in variables if everything or names[i] in wanted]
        self.keeps_out = bool(wanted & {"out", *op.outputs})
        self.saves = frozenset(wanted)
        self.frees = bool(self.guarded or self.keeps_out or wanted & set(op.aux))
        sources = _sources(op, names, live)
        if unknown := wanted - sources.keys():
            raise TypeError(
                f"{op.name}: a rule asks for {sorted(unknown)}, which are neither inputs, outputs nor "
                "settings"
            )
        self.record = self._compile_record(sources)
        self.vjp = self._compile_vjp()

    def _compile_record(self, sources):
        edges = _tuple(f"inputs[{i}]._node" for i in self.live)
        saved = _tuple(sources[name] for wants in self.wants for name in wants)
        guards = _tuple([f"inputs[{i}]._counter" for i in self.guarded] + ["counter"] * self.keeps_out)
        return eval(f"lambda inputs, arrays, out, extras, settings, counter: ({edges}, {saved}, {guards})")

    def _compile_vjp(self):
        position = itertools.count()
        calls = [
            f"rules[{i}]({', '.join(['gradient', *(f'saved[{next(position)}]' for _ in wants)])})"
            for i, wants in enumerate(self.wants)
        ]
        if self.op.joint:  # one rule gives the gradients of all inputs: those of the live ones
            gradients = _tuple([f"each := {calls[0]}", *(f"each[{i}]" for i in self.live)]) + "[1:]"
        else:
            gradients = _tuple(calls)
        return eval(f"lambda gradient, saved: {gradients}", {"rules": self.rules})


def _tuple(parts):
    """The source of a tuple."""
    return "(" + "".join(f"{part}, " for part in parts) + ")"


def _sources(op, names, live):
    """Where each name that a rule may ask for is found when a call is recorded."""
    sources = {"out": "out", "needs": repr(tuple(i in live for i in range(len(names))))}
    sources |= {name: f"settings[{name!r}]" for name in op.signature.defaults}
    sources |= {name: f"extras[{i}]" for i, name in enumerate(op.aux)}
    sources |= {name: f"out[{i}]" for i, name in enumerate(op.outputs)}
    for i, name in enumerate(names):
        sources |= {name: f"arrays[{i}]"}
        sources |= {f"{name}_{what}": f"arrays[{i}].{what}" for what in ("shape", "dtype")}
    if name := op.signature.variadic:
        sources |= {name: "arrays"}
        sources |= {f"{name}_{what}": f"tuple(a.{what} for a in arrays)" for what in ("shape", "dtype")}
    return sources
