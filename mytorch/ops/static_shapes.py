"""Operations whose results have the size that the caller gives, whatever the values."""

from __future__ import annotations

from ..core.arrays import xp
from ..core.graph import wrap
from .gather import nonzero


def nonzero_static(input, *, size, fill_value=-1):
    """The first ``size`` rows of :func:`nonzero`; rows that are missing are ``fill_value``.

    RuntimeError for a negative size.
    """
    if size < 0:
        raise RuntimeError("nonzero_static: 'size' must be an non-negative integer")
    found = nonzero(input).array[:size]
    out = xp(found).full((size, found.shape[1]), fill_value, "int64")
    out[: len(found)] = found
    return wrap(out)
