"""Questions about how a tensor is stored, and ``resize_``."""

from __future__ import annotations

import numpy

from ..core.arrays import device_of
from ..core.dtypes import category
from ..ops.composite import takes_tensors
from ..ops.memory_format import strided


def _never(name, why):
    """The method ``name``: a question whose answer is False for every tensor."""

    def answer(self) -> bool:
        return False

    answer.__name__, answer.__qualname__ = name, f"Tensor.{name}"
    answer.__doc__ = f"False: {why}."
    return answer


class StorageMethods:
    """Questions that need no computation, and ``resize_``."""

    array: numpy.ndarray
    requires_grad: bool

    layout = strided
    name = names = None
    is_cpu = property(
        lambda self: device_of(self.array).type == "cpu", doc="Whether it lives in host memory."
    )
    is_sparse = is_sparse_csr = is_quantized = is_mkldnn = is_nested = is_meta = False
    is_mps = is_xpu = is_xla = is_ipu = is_hpu = is_mtia = is_vulkan = False

    def nelement(self) -> int:
        """The number of elements."""
        return self.array.size

    def ndimension(self) -> int:
        """The number of dimensions."""
        return self.array.ndim

    def is_complex(self) -> bool:
        """Whether the elements are complex numbers."""
        return category(self.array.dtype) == 3

    def is_signed(self) -> bool:
        """Whether the elements can be negative."""
        return self.array.dtype.kind not in "ub"

    def is_nonzero(self) -> bool:
        """Whether the only element differs from zero. RuntimeError if there is not exactly one."""
        return bool(self)

    @takes_tensors
    def is_same_size(self, other) -> bool:
        """Whether ``other`` has the same shape."""
        return self.array.shape == other.array.shape

    is_conj = _never("is_conj", "conjugation computes the values at once")
    is_neg = _never("is_neg", "negation computes the values at once")
    is_pinned = _never("is_pinned", "there is no pinned memory")
    is_shared = _never("is_shared", "tensors are copied between processes, not shared")
    is_coalesced = _never("is_coalesced", "there are no sparse tensors")
    is_distributed = _never("is_distributed", "no tensor is spread over several machines")

    def get_device(self) -> int:
        """The index of its GPU, -1 for the CPU."""
        place = device_of(self.array)
        return -1 if place.type == "cpu" else place.index or 0

    def pin_memory(self, device=None):
        """The tensor itself: there is no pinned memory."""
        return self

    def share_memory_(self):
        """NotImplementedError: tensors that are sent to another process are copied."""
        raise NotImplementedError("share_memory_: tensors are copied between processes, not shared")
