# Names only: there is nothing to read here.
"""``torch.compiler`` without a compiler: nothing is compiled, and functions stay as they are."""

from __future__ import annotations

from .tensors.public_names import lookup as _lookup


def is_compiling() -> bool:
    """False."""
    return False


is_dynamo_compiling = is_exporting = is_compiling


def disable(fn=None, recursive=True, *, reason=None):
    """``fn`` itself; without one, a decorator that returns its function."""
    return (lambda function: function) if fn is None else fn


def allow_in_graph(fn):
    """``fn`` itself."""
    return fn


def reset() -> None:
    """Nothing: there are no compiled functions to forget."""


__getattr__ = _lookup(__name__)
