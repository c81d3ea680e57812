"""A table of samples for every operation: a call, its inputs and the expected result.

``tests/test_gradients.py`` and ``python -m mytorch.gradcheck`` run every row.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ... import ops


@dataclass(frozen=True)
class Real:
    """A floating-point input: uniform in [low, high), or standard normal without bounds.

    ``distinct`` keeps the values apart.
    """

    shape: tuple
    low: float | None = None
    high: float | None = None
    distinct: bool = False
    grad: bool = True

    def make(self, rng, dtype, shape=None):
        shape = self.shape if shape is None else shape
        if self.distinct:  # no ties: the derivatives of extremes, sorts and kinks are unique
            n = int(np.prod(shape))
            values = (rng.permutation(n).reshape(shape) - (n - 1) / 2 + 0.25) * 0.37
        elif self.low is not None:
            values = rng.uniform(self.low, self.high, shape)
        else:
            values = rng.standard_normal(shape)
        return values.astype(dtype)


@dataclass(frozen=True)
class Complex:
    """A complex input, whose parts are standard normal; complex64 where the row runs in float32."""

    shape: tuple
    grad: bool = True

    def make(self, rng, dtype, shape=None):
        real, imag = rng.standard_normal((2, *(self.shape if shape is None else shape)))
        return np.asarray(real + 1j * imag, "complex64" if dtype == "float32" else "complex128")


@dataclass(frozen=True)
class Int:
    """An int64 input in [low, high)."""

    shape: tuple
    high: int
    low: int = 0

    def make(self, rng, dtype, shape=None):
        return rng.integers(self.low, self.high, self.shape if shape is None else shape)


@dataclass(frozen=True)
class Bool:
    """A boolean input."""

    shape: tuple

    def make(self, rng, dtype, shape=None):
        return rng.random(self.shape if shape is None else shape) < 0.5


@dataclass(frozen=True)
class Sample:
    """One row.

    op: the name of the primitive that it proves (``mytorch.core.primitive.primitives``).
    call: the call, on tensors, with mytorch's public API (returns a tensor or a tuple of tensors).
    inputs: makers (Real, Complex, Int, Bool; a bare shape is ``Real(shape)``).
    reference: the same on float64 NumPy arrays; or ``torch``: the same on torch tensors (then the row skips
        where torch is absent).
    smooth: run gradcheck (there is a derivative); second: run gradgradcheck.
    broadcast: the first two inputs broadcast against each other.
    empty: shapes of a zero-size call, or None.
    gpu: False where CuPy lacks what the operation needs.
    """

    op: str
    call: Callable
    inputs: tuple
    reference: Callable | None = None
    torch: Callable | None = None
    note: str = ""
    smooth: bool = True
    second: bool = True
    broadcast: bool = False
    empty: tuple | None = None
    tolerance: float = 2e-5  # relative, in float32
    gpu: bool = True

    def makers(self):
        return [m if hasattr(m, "make") else Real(m) for m in self.inputs]

    def arrays(self, dtype, shapes=None, seed=0):
        """The inputs as NumPy arrays."""
        rng = np.random.default_rng(seed)
        shapes = shapes or [None] * len(self.inputs)
        return [m.make(rng, dtype, s) for m, s in zip(self.makers(), shapes, strict=True)]

    @property
    def id(self):
        return self.op + (f"-{self.note}" if self.note else "")


def rows() -> list[Sample]:
    """The rows of all operations, which are imported first."""
    for module in pkgutil.walk_packages(ops.__path__, f"{ops.__name__}."):
        importlib.import_module(module.name)
    found = []
    for module in pkgutil.iter_modules(__path__):
        found += importlib.import_module(f"{__name__}.{module.name}").ROWS
    return found
