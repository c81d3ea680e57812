# Names only: there is nothing to read here.
"""``torch.nn.modules.utils``: functions that repeat a number as a tuple, and leave a sequence as it is."""

from __future__ import annotations


def _ntuple(n, name=None):
    return lambda x: tuple(x) if hasattr(x, "__iter__") else (x,) * n


_single, _pair, _triple, _quadruple = map(_ntuple, (1, 2, 3, 4))
