"""Torch's global settings that have no effect here, so that scripts which set them run."""

from __future__ import annotations

_precision, _deterministic = ["highest"], [False]


def set_float32_matmul_precision(precision: str) -> None:
    """Store ``precision`` without effect: float32 products are always computed in float32.

    RuntimeError unless ``precision`` is "highest", "high" or "medium".
    """
    if precision not in ("highest", "high", "medium"):
        raise RuntimeError(
            f"Float32 precision should be one of 'highest', 'high' or 'medium', but got {precision!r}"
        )
    _precision[0] = precision


def get_float32_matmul_precision() -> str:
    """The value that :func:`set_float32_matmul_precision` stored."""
    return _precision[0]


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Store ``mode`` without effect: on the CPU every operation is deterministic."""
    _deterministic[0] = bool(mode)


def are_deterministic_algorithms_enabled() -> bool:
    """The value that :func:`use_deterministic_algorithms` stored."""
    return _deterministic[0]


def set_flush_denormal(mode: bool) -> bool:
    """False: NumPy cannot flush denormal numbers to zero."""
    return False
