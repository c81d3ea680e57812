# Names only: there is nothing to read here.
"""Backends that mytorch does not use."""

from . import cpu, opt_einsum, quantized

__all__ = ["cpu", "opt_einsum", "quantized"]
