"""The arguments of an operation: which are arrays, which are settings, and how a call's are sorted out.

A function on arrays declares them by its own signature:

* positional parameters are arrays; one with a default may be left out; ``*arrays`` takes any number;
* keyword-only parameters are settings. A setting without a default must be given;
* a default of True or False: the setting must be a bool;
* a default or annotation of int or float: a tensor of no dimensions is taken for its number, and a bool is no
  int (``scalar_arguments.py``);
* a setting called ``dtype`` whose default is None: the result's dtype, which must be able to carry a gradient
  if one is wanted;
* settings may follow the arrays by position, in their order: ``x.sum(1)``;
* NumPy's and torch's other names for a parameter are accepted (``ALIASES``).
"""

from __future__ import annotations

import inspect

from .errors import in_torchs_words, refuse_integer_results
from .scalar_arguments import PLAIN, number_settings

ALIASES = {
    "axis": "dim",
    "keepdims": "keepdim",
    "other": "y",
    "a_min": "min",
    "a_max": "max",
    "exponent": "y",  # torch's name for pow's
    "values": "y",  # and for heaviside's
    "axis0": "dim0",
    "axis1": "dim1",
}
_MISSING = inspect.Parameter.empty


class Signature:
    """The parameters of an operation ``op``, whose function on arrays is ``forward``."""

    def __init__(self, forward, op, differentiable):
        self.op = op
        parameters = inspect.signature(forward).parameters.values()
        positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        self.variadic = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), None)
        self.inputs = tuple(p.name for p in positional)
        self.optional = {p.name: p.default for p in positional if p.default is not _MISSING}
        self.defaults = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
        self.required = [name for name, default in self.defaults.items() if default is _MISSING]
        self.known = {name: default for name, default in self.defaults.items() if name not in self.required}
        self.when_left_out = {**self.optional, **self.known}  # arrays and settings
        self.flags = [name for name, default in self.known.items() if default is True or default is False]
        self.numbers = [(name, check) for _, name, check in number_settings(forward)]
        self.typed = differentiable and self.known.get("dtype", ()) is None

    def settle(self, inputs, settings):
        """The arrays of a call and all settings by name, each of its kind. TypeError for others."""
        inputs, settings = self.bind(inputs, settings)
        if self.typed and settings["dtype"] is not None:
            refuse_integer_results(self.op, inputs, settings["dtype"])
        for name in self.flags:
            if settings[name] is not True and settings[name] is not False:
                kind = type(settings[name]).__name__
                raise TypeError(f"{self.op.public}(): argument {name!r} must be bool, not {kind}")
        for name, check in self.numbers:
            if name in settings and type(settings[name]) not in PLAIN:
                settings[name] = check(settings[name], self.op.public, name)
        return inputs, settings

    def bind(self, inputs, settings):
        """As :meth:`settle`, for any mixture of positions, keywords and aliases; kinds are not looked at."""
        arrays, given = self._by_position(inputs)
        values = dict(zip(self.inputs, inputs)) | given
        for name, value in settings.items():
            if name not in self.inputs and name not in self.defaults:
                name = self.inputs[0] if name in ("input", "self") else ALIASES.get(name, name)
            if name in values:
                raise TypeError(
                    f"{self.op.public}() got multiple values for argument {in_torchs_words(name, self.op)!r}"
                )
            if name not in self.defaults and (name not in self.inputs or self.variadic):
                known = ", ".join(in_torchs_words(n, self.op) for n in (*self.inputs, *self.defaults))
                raise TypeError(
                    f"{self.op.public}() got an unexpected keyword argument {name!r}; it takes {known}"
                )
            values[name] = value
        everything = {**self.when_left_out, **values}
        missing = [n for n in (*self.inputs, *self.required) if n not in everything]
        if missing:
            names = ", ".join(repr(in_torchs_words(name, self.op)) for name in missing)
            raise TypeError(f"{self.op.public}() missing required argument: {names}")
        bound = {name: everything[name] for name in self.defaults}
        return (arrays if self.variadic else [everything[name] for name in self.inputs]), bound

    def _by_position(self, inputs):
        """The arrays among the positional arguments, and the settings that follow them."""
        if self.variadic:
            return list(inputs), {}
        arity, most = len(self.inputs), len(self.inputs) + len(self.defaults)
        if len(inputs) > most:
            raise TypeError(
                f"{self.op.public}() takes {most} positional arguments but {len(inputs)} were given"
            )
        return list(inputs[:arity]), dict(zip(self.defaults, inputs[arity:]))
