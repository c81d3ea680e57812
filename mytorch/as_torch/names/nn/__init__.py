# Names only: there is nothing to read here.
"""Rooms of ``torch.nn`` for quantized models."""

from . import quantized

__all__ = ["quantized"]
