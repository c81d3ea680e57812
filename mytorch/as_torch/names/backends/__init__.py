# Names only: there is nothing to read here.
"""Backends that mytorch does not use."""

from . import cpu, mha, opt_einsum, quantized

__all__ = ["cpu", "mha", "opt_einsum", "quantized"]
