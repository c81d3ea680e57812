"""Random inputs for the tests that compare with PyTorch."""

import numpy as np


class draws(np.random.RandomState):
    """NumPy's generator whose numbers no version of it changes: records answer these very inputs."""

    def integers(self, low, high=None, size=None):
        return self.randint(low, high, size, dtype=np.int64)


def arrays(*shapes, dtype="float32", seed=0):
    """Arrays of normal floats or of small integers."""
    rng = draws(seed)
    return [
        rng.standard_normal(s).astype(dtype)
        if dtype.startswith("f")
        else rng.integers(-3, 4, s).astype(dtype)
        for s in shapes
    ]


def numbers(shape, dtype="float32", seed=0):
    """Distinct numbers, so that their order is unique; for bool at random."""
    rng = draws([seed, *shape])
    if dtype == "bool":
        return np.asarray(rng.random(shape) < 0.5)
    n = int(np.prod(shape))
    values = rng.permutation(n).reshape(shape) - n // 2
    return np.asarray(values * (0.37 if dtype.startswith("f") else 1)).astype(dtype)
