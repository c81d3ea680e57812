"""The arguments of windows: kernel sizes, strides, paddings."""

from __future__ import annotations

from ..shape_arguments import integer
from ..shape_arguments import sizes as integers


def tuple_of(value, n, name="size"):
    """An int or a sequence of 1 or ``n`` ints as a tuple of ``n``.

    RuntimeError, as in torch, for another length, TypeError for what is no int.
    """
    if type(value) is int:
        return (value,) * n
    if type(value) is tuple and len(value) == n and set(map(type, value)) == {int}:
        return value
    return _checked(value, n, name)


def _checked(value, n, name):
    if hasattr(value, "__index__"):
        return (integer(value),) * n
    values = integers((tuple(value),))
    if len(values) == 1:
        return values * n
    if len(values) != n:
        raise RuntimeError(
            f"expected {name} to be a single integer value or a list of {n} values, but got "
            f"{name}={list(values)}"
        )
    return values
