"""Questions about dtypes under torch's names: promotion, casts, limits."""

from __future__ import annotations

import importlib

import numpy

from ..core.dtypes import as_dtype, by_numpy, category, dtype, get_default_dtype, promote_numpy


def promote_types(type1, type2) -> dtype:
    """The smallest dtype that holds both, by torch's rules. For tensors there is :func:`result_type`."""
    return by_numpy[promote_numpy(as_dtype(type1).numpy, as_dtype(type2).numpy)]


def can_cast(from_, to) -> bool:
    """Whether torch casts ``from_`` to ``to`` implicitly: never to a lower category."""
    return category(as_dtype(from_).numpy) <= category(as_dtype(to).numpy)


class finfo:
    """The limits of a floating-point dtype (the default one without an argument): bits, eps, max, min, tiny,
    smallest_normal, resolution.

    TypeError for integers and booleans.
    """

    def __init__(self, type=None):
        kind = as_dtype(type) if type is not None else get_default_dtype()
        if not (kind.is_floating_point or kind.is_complex):
            raise TypeError(
                f"mytorch.finfo() requires a floating point input type. Use mytorch.iinfo to handle '{kind}'"
            )
        numbers = (
            importlib.import_module("ml_dtypes").finfo(kind.numpy)
            if kind.name == "bfloat16"
            else numpy.finfo(kind.numpy)
        )
        self.dtype, self.bits = kind.name, numbers.bits
        self.eps, self.max, self.min = float(numbers.eps), float(numbers.max), float(numbers.min)
        self.tiny = self.smallest_normal = float(numbers.tiny)
        self.resolution = 10.0**-numbers.precision

    def __repr__(self):
        fields = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        return f"finfo({', '.join(f'{f}={getattr(self, f):g}' for f in fields)}, dtype={self.dtype})"


class iinfo:
    """The limits of an integer dtype: bits, max, min. TypeError for others."""

    def __init__(self, type):
        kind = as_dtype(type)
        if kind.numpy.kind not in "iu":
            raise TypeError(
                f"mytorch.iinfo() requires an integer input type. Use mytorch.finfo to handle '{kind}'"
            )
        numbers = numpy.iinfo(kind.numpy)
        self.dtype, self.bits, self.max, self.min = (
            kind.name,
            numbers.bits,
            int(numbers.max),
            int(numbers.min),
        )

    def __repr__(self):
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"
