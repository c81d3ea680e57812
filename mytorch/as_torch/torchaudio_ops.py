"""The operations in C++ that torchaudio calls: those that it also defines in tensors; others are refused."""

from __future__ import annotations

import importlib

# an operation: torchaudio's own definition, which runs where its library is not compiled
_DEFINED = {
    "_lfilter_core_loop": "_lfilter_core_generic_loop",
    "_overdrive_core_loop": "_overdrive_core_loop_generic",
}


def _definition(name):
    def function(*args):
        return getattr(importlib.import_module("torchaudio.functional.filtering"), name)(*args)

    return function


def register(find):
    """Give ``find("torchaudio::name")`` what is here; those that are not say so when they are called."""
    find("_torchaudio::cuda_version").function = lambda: None
    find("_torchaudio::is_align_available").function = lambda: False
    for name, definition in _DEFINED.items():
        find(f"torchaudio::{name}").function = _definition(definition)
    for name in ("forced_align", "rnnt_loss_forward"):
        find(f"torchaudio::{name}")
