"""Global settings of torch that scripts make: those without meaning here are stored, or change nothing, as
each says.
"""

from __future__ import annotations

_precision, _deterministic = ["highest"], [False]


def set_float32_matmul_precision(precision: str) -> None:
    """Stored without effect: float32 products are always computed in float32. RuntimeError unless "highest",
    "high" or "medium".
    """
    if precision not in ("highest", "high", "medium"):
        raise RuntimeError(
            f"Float32 precision should be one of 'highest', 'high' or 'medium', but got {precision!r}"
        )
    _precision[0] = precision


def get_float32_matmul_precision() -> str:
    """What :func:`set_float32_matmul_precision` stored."""
    return _precision[0]


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Stored without effect: on the CPU every operation is deterministic already."""
    _deterministic[0] = bool(mode)


def are_deterministic_algorithms_enabled() -> bool:
    """What :func:`use_deterministic_algorithms` stored."""
    return _deterministic[0]


def set_flush_denormal(mode: bool) -> bool:
    """False: NumPy cannot flush denormal numbers to zero."""
    return False


def compile(model=None, **options):
    """``model`` (a module or function) itself: there is no compiler. Without one, a decorator that returns
    its function.
    """
    return (lambda function: function) if model is None else model


class layout:
    """How the elements of a tensor are stored: ``strided``, the only way here."""

    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return f"mytorch.{self.name}"


class memory_format(layout):
    """In which order the elements of a new tensor lie. Accepted without effect:

    it is left to NumPy, and values do not depend on it.
    """


strided = layout("strided")
contiguous_format, preserve_format = memory_format("contiguous_format"), memory_format("preserve_format")
channels_last, channels_last_3d = memory_format("channels_last"), memory_format("channels_last_3d")
