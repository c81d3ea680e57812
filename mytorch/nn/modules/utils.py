# Names only: there is nothing to read here.
"""The repeaters of ``torch.nn.modules.utils``, which layers of others import: a number becomes a tuple, a
sequence stays.
"""

from __future__ import annotations


def _ntuple(n, name=None):
    return lambda x: tuple(x) if hasattr(x, "__iter__") else (x,) * n


_single, _pair, _triple, _quadruple = map(_ntuple, (1, 2, 3, 4))
