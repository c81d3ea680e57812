# Names only: there is nothing to read here.
"""``torch.onnx``, so that scripts which may export a model can be imported."""

from __future__ import annotations

from .tensors.public_names import lookup as _lookup


def export(model, args=(), f=None, **kwargs):
    """NotImplementedError: models are not exported to ONNX."""
    raise NotImplementedError(
        "mytorch does not export models to ONNX: save the state_dict with "
        "mytorch.serialization.save_safetensors"
    )


__getattr__ = _lookup(__name__)
