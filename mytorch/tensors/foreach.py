"""Torch's ``_foreach_`` functions, by which optimizers work on lists of tensors: a loop over the list.

``_foreach_add(tensors, other)`` returns a list, ``_foreach_add_`` changes the tensors and returns None.
``other`` is a number or a tensor for all of them, or a list with one for each.
"""

from __future__ import annotations

from ..ops.reduce import sum as sum_of
from ..ops.vector_norm import vector_norm

_BOTH = """
    abs acos add addcdiv addcmul asin atan ceil clamp_max clamp_min cos cosh div erf erfc exp expm1 floor frac
    lerp lgamma log log10 log1p log2 maximum minimum mul neg pow reciprocal round rsqrt sigmoid sign sin sinh
    sqrt sub tan tanh trunc
""".split()
_NEW, _IN_PLACE = "clone max mm".split(), "copy_ zero_".split()
# tensors take numbers, and take them in place, under other names
_METHODS = {
    "maximum": "clamp_min",
    "minimum": "clamp_max",
    "maximum_": "clamp_min_",
    "minimum_": "clamp_max_",
}
_SETTINGS = {"alpha", "memory_format", "non_blocking"}  # the same for all; other keywords are like positions


def _foreach(name):
    """The function ``_foreach_name``: the method ``name`` of every tensor of a list."""
    method = _METHODS.get(name, name)

    def function(self, *others, **keywords):
        settings = {key: keywords.pop(key) for key in _SETTINGS & keywords.keys()}
        columns = [_each(other, self, name) for other in (*others, *keywords.values())]
        results = []
        for tensor, *arguments in zip(self, *columns):
            if len(arguments) == 3:  # addcmul, addcdiv
                settings["value"] = arguments.pop()
            results.append(getattr(tensor, method)(*arguments, **settings))
        return None if name.endswith("_") else results

    function.__name__ = function.__qualname__ = f"_foreach_{name}"
    function.__doc__ = f"``{method}`` of every tensor of a list."
    return function


def _each(value, tensors, name):
    """A list with one value for each tensor. RuntimeError if it is a list of another length."""
    if getattr(value, "ndim", 0) == 1 and name.startswith("addc"):
        value = value.tolist()
    if not isinstance(value, (list, tuple)):
        return [value] * len(tensors)
    if len(value) != len(tensors):
        raise RuntimeError(
            f"_foreach_{name}: Tensor lists must have the same number of tensors, got {len(tensors)} and "
            f"{len(value)}"
        )
    return value


def _foreach_norm(self, ord=2, dtype=None):
    """The norm of order ``ord`` of all elements of every tensor of a list."""
    return [vector_norm(tensor, ord, dtype=dtype) for tensor in self]


def _foreach_powsum(self, ord=2, dtype=None):
    """The sum of the powers |x|^ord of every tensor of a list."""
    return [sum_of(tensor.abs().pow(ord), dtype=dtype) for tensor in self]


globals().update(
    (f"_foreach_{name}", _foreach(name))
    for name in [*_BOTH, *(f"{name}_" for name in _BOTH), *_NEW, *_IN_PLACE]
)
_powers = globals()["_foreach_pow"]


def _foreach_pow(self, exponent):
    """Every tensor of a list to its power, or one number to the powers in a list of tensors."""
    return [self**e for e in exponent] if isinstance(self, (int, float)) else _powers(self, exponent)
