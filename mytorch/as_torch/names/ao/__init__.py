# Names only: there is nothing to read here.
"""``torch.ao``: quantized models, which are not here."""

from . import quantization
