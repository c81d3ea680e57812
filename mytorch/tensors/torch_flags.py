"""Torch's global settings that have no effect here, so that scripts which set them run."""

from __future__ import annotations

_precision, _deterministic, _warns = ["highest"], [False, False], [False]
_DEBUG_MODES = ("default", "warn", "error")


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
    _deterministic[:] = bool(mode), bool(mode) and bool(warn_only)


def are_deterministic_algorithms_enabled() -> bool:
    """The value that :func:`use_deterministic_algorithms` stored."""
    return _deterministic[0]


def set_flush_denormal(mode: bool) -> bool:
    """False: NumPy cannot flush denormal numbers to zero."""
    return False


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """The ``warn_only`` that :func:`use_deterministic_algorithms` stored."""
    return _deterministic[1]


def set_deterministic_debug_mode(debug_mode) -> None:
    """Store "default" (0), "warn" (1) or "error" (2), as :func:`use_deterministic_algorithms` does.

    TypeError for what is no text or int, RuntimeError for another one.
    """
    if not isinstance(debug_mode, (str, int)):
        raise TypeError(f"debug_mode must be str or int, but got {type(debug_mode)}")
    known = _DEBUG_MODES if isinstance(debug_mode, str) else (0, 1, 2)
    if debug_mode not in known:
        raise RuntimeError(f"invalid value of debug_mode, expected one of {known}, but got {debug_mode}")
    mode = known.index(debug_mode)
    use_deterministic_algorithms(mode > 0, warn_only=mode == 1)


def get_deterministic_debug_mode() -> int:
    """0, 1 or 2, as :func:`set_deterministic_debug_mode` stored it."""
    return _deterministic[0] + (_deterministic[0] and not _deterministic[1])


def set_warn_always(b: bool) -> None:
    """Store without effect whether every warning is shown: Python decides how often."""
    _warns[0] = bool(b)


def is_warn_always_enabled() -> bool:
    """The value that :func:`set_warn_always` stored."""
    return _warns[0]
