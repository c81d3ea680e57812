"""``torch.quasirandom``: Sobol's sequences, which SciPy draws."""

import importlib
import warnings

from ...core.dtypes import as_dtype, get_default_dtype
from ...core.graph import wrap
from ...tensors.generator import default_generator


class SobolEngine:
    """Points that fill the unit cube of ``dimension`` evenly. ``scramble`` moves them at random."""

    MAXBIT, MAXDIM = 30, 21201

    def __init__(self, dimension, scramble=False, seed=None):
        if not 1 <= dimension <= self.MAXDIM:
            raise ValueError(f"Supported range of dimensionality for SobolEngine is [1, {self.MAXDIM}]")
        self.dimension, self.scramble, self.seed = dimension, scramble, seed
        drawn = seed if seed is not None or not scramble else default_generator.numpy.integers(2**31)
        Sobol = importlib.import_module("scipy.stats.qmc").Sobol
        self._points = Sobol(dimension, scramble=scramble, bits=self.MAXBIT, rng=drawn)

    num_generated = property(lambda self: self._points.num_generated, doc="How many points were drawn.")

    def draw(self, n=1, out=None, dtype=None):
        """The next ``n`` points, (n, dimension)."""
        kind = as_dtype(dtype or get_default_dtype()).numpy
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of a number that is no power of two
            points = wrap(self._points.random(n).astype(kind))
        return points if out is None else out.resize_(points.shape).copy_(points)

    def draw_base2(self, m, out=None, dtype=None):
        """The next 2^m points."""
        n = 2**m
        total = self.num_generated + n
        if total & (total - 1):
            raise ValueError(
                "The balance properties of Sobol' points require n to be a power of 2. "
                f"{self.num_generated} points have been previously generated, then: n={total}."
            )
        return self.draw(n, out, dtype)

    def reset(self):
        """Begin again; returns the engine."""
        self._points.reset()
        return self

    def fast_forward(self, n):
        """Leave out ``n`` points; returns the engine."""
        self._points.fast_forward(n)
        return self

    def __repr__(self):
        given = f"dimension={self.dimension}" + (", scramble=True" if self.scramble else "")
        return f"SobolEngine({given}{'' if self.seed is None else f', seed={self.seed}'})"
