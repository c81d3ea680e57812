"""Reverse-mode differentiation: the graph (engine), the walk back (walk), grad modes, user functions and gradient checks.

The names below are loaded when first used, because some of them stand above the operations and the graph below them.
"""

import importlib

_HOME = {
    "backward": "walk", "grad": "batched", "Variable": "variable", "detect_anomaly": "engine", "set_detect_anomaly": "engine",
    "no_grad": "grad_mode", "enable_grad": "grad_mode", "set_grad_enabled": "grad_mode", "inference_mode": "grad_mode",
    "Function": "function", "once_differentiable": "function", "gradcheck": "gradcheck", "gradgradcheck": "gradcheck", "functional": None,
}  # fmt: skip
__all__ = list(_HOME)


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = importlib.import_module(f"{__name__}.{_HOME[name] or name}")
    value = globals()[name] = home if _HOME[name] is None else getattr(home, name)
    return value
