"""``torch.ao``: quantized models, which are not here."""

from . import quantization
