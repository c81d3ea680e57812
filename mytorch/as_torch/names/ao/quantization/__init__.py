"""The names of quantized models: layers that mark where numbers would change form, and refusals."""

from .....nn import Identity
from ....refused import classes, functions

_REASON = "there are no quantized tensors"
globals().update(classes("torch.ao.quantization", "FakeQuantizeBase ObserverBase", _REASON))
globals().update(
    functions(
        "torch.ao.quantization",
        """
        QConfig convert default_observer default_per_channel_weight_observer default_weight_observer
        fuse_modules fuse_modules_qat get_default_qat_qconfig get_default_qconfig prepare prepare_qat
        quantize_dynamic
        """,
        _REASON,
    )
)


class QuantStub(Identity):
    """The identity, as in PyTorch before a model is converted."""

    def __init__(self, qconfig=None):
        super().__init__()


class DeQuantStub(QuantStub):
    """The identity, as in PyTorch before a model is converted."""
