# Names only: there is nothing to read here.
"""``torch._tensor``: where PyTorch writes its Tensor."""

from ...serialization.checkpoint import make_tensors
from ...tensors.tensor import Tensor
