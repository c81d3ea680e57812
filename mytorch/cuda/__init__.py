"""GPUs: the queries and settings of ``torch.cuda``, by CuPy.

Without CuPy or a GPU, ``is_available()`` is False.
"""

from __future__ import annotations

import types

from ..core.arrays import cuda_is_available, cupy
from ..core.arrays import device as as_device
from ..tensors.generator import default_generator
from ..tensors.legacy_types import LEGACY_DTYPES, legacy_type
from ..tensors.public_names import lookup as _lookup
from . import amp

(
    FloatTensor,
    DoubleTensor,
    HalfTensor,
    BFloat16Tensor,
    BoolTensor,
    ByteTensor,
    CharTensor,
    ShortTensor,
    IntTensor,
    LongTensor,
) = (legacy_type(f"{name}Tensor", kind, "cuda", __name__) for name, kind in LEGACY_DTYPES.items())


def is_available() -> bool:
    """Whether CuPy is installed and sees an NVIDIA GPU."""
    return cuda_is_available()


is_initialized = is_available


def init() -> None:
    """Check that CuPy can be used; RuntimeError without CuPy or a GPU. It is initialised on first use."""
    cupy()


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False: CuPy has no bfloat16."""
    return False


def device_count() -> int:
    """The number of GPUs; 0 without CuPy."""
    return cupy().cuda.runtime.getDeviceCount() if is_available() else 0


def _index(where) -> int:
    """The index of a GPU given as a number, a device or its name; None is the current one.

    ValueError for a device that is no GPU.
    """
    if where is None:
        return cupy().cuda.Device().id
    where = as_device(where)
    if where.type != "cuda":
        raise ValueError(f"Expected a cuda device, but got: {where}")
    return cupy().cuda.Device().id if where.index is None else where.index


def _gpu(where):
    return cupy().cuda.Device(_index(where))


def current_device() -> int:
    """The index of the GPU that ``device("cuda")`` means. RuntimeError without a GPU."""
    return _index(None)


def set_device(device) -> None:
    """Make ``device`` the GPU that ``device("cuda")`` means, in this thread."""
    _gpu(device).use()


class device:
    """Make a GPU the current one within ``with cuda.device(1): …``."""

    def __init__(self, device):
        self._wanted = device

    def __enter__(self):
        self._entered = _gpu(self._wanted)
        self._entered.__enter__()
        return self

    def __exit__(self, *exc_info):
        self._entered.__exit__(*exc_info)


class device_of(device):
    """Make the GPU of a tensor the current one within ``with cuda.device_of(tensor): …``.

    A tensor on the CPU changes nothing.
    """

    def __init__(self, tensor):
        super().__init__(tensor.device if tensor.is_cuda else None)

    def __enter__(self):
        return super().__enter__() if self._wanted is not None else self

    def __exit__(self, *exc_info):
        if self._wanted is not None:
            super().__exit__(*exc_info)


def get_device_properties(device=None):
    """The name, total_memory (bytes), major, minor and multi_processor_count of a GPU, as attributes."""
    found = cupy().cuda.runtime.getDeviceProperties(_index(device))
    return types.SimpleNamespace(
        name=found["name"].decode(),
        total_memory=found["totalGlobalMem"],
        major=found["major"],
        minor=found["minor"],
        multi_processor_count=found["multiProcessorCount"],
        warp_size=found["warpSize"],
    )


def get_device_name(device=None) -> str:
    """The GPU's name, such as ``'NVIDIA H200'``."""
    return get_device_properties(device).name


def get_device_capability(device=None) -> tuple[int, int]:
    """The compute capability, (major, minor)."""
    found = get_device_properties(device)
    return found.major, found.minor


def synchronize(device=None) -> None:
    """Wait until the GPU has finished all its work."""
    _gpu(device).synchronize()


def mem_get_info(device=None) -> tuple[int, int]:
    """Free and total memory of the GPU in bytes."""
    return _gpu(device).mem_info


def _pool(where):
    with _gpu(where):
        return cupy().get_default_memory_pool()


def memory_allocated(device=None) -> int:
    """Bytes in use by arrays; 0 without a GPU."""
    if not is_available():
        return 0
    with _gpu(device):
        return _pool(device).used_bytes()


def memory_reserved(device=None) -> int:
    """Bytes that CuPy's pool holds, in use or not; 0 without a GPU."""
    if not is_available():
        return 0
    with _gpu(device):
        return _pool(device).total_bytes()


def max_memory_allocated(device=None) -> int:
    """NotImplementedError with a GPU, since CuPy's pool records no peak; 0 without one."""
    if is_available():
        raise NotImplementedError(
            "CuPy's memory pool records no peak; cuda.memory_allocated() and memory_reserved() tell the "
            "present"
        )
    return 0


def reset_peak_memory_stats(device=None) -> None:
    """NotImplementedError with a GPU, as :func:`max_memory_allocated`; nothing without one."""
    max_memory_allocated(device)


def empty_cache() -> None:
    """Free the unused memory of CuPy's pools."""
    if is_available():
        cupy().get_default_memory_pool().free_all_blocks()
        cupy().get_default_pinned_memory_pool().free_all_blocks()


def manual_seed(seed: int) -> None:
    """Restart the default generator's generators on GPUs from ``seed``; harmless without a GPU."""
    default_generator.seed_devices(seed)


manual_seed_all = manual_seed


def get_rng_state_all() -> list:
    """The default generator's state, once for each GPU, for :func:`set_rng_state_all`."""
    return [default_generator.get_state()] * device_count()


def set_rng_state_all(new_states) -> None:
    """Restore what :func:`get_rng_state_all` returned."""
    for state in new_states:
        default_generator.set_state(state)


class Stream:
    """NotImplementedError: all work goes to CuPy's current stream, in order."""

    def __init__(self, *args, **kwargs):
        raise NotImplementedError("mytorch works on CuPy's current stream; use cupy.cuda.Stream around it")


class Event:
    """A point in the GPU's work, to measure time: ``record()``, ``synchronize()``, ``elapsed_time(end)``."""

    def __init__(self, enable_timing: bool = False, blocking: bool = False):
        self._event = cupy().cuda.Event(block=blocking, disable_timing=not enable_timing)

    def record(self) -> None:
        """Mark this point in the GPU's work."""
        self._event.record()

    def synchronize(self) -> None:
        """Wait until the GPU reaches the mark."""
        self._event.synchronize()

    def query(self) -> bool:
        """Whether the GPU has reached the mark."""
        return self._event.done

    def elapsed_time(self, end) -> float:
        """The milliseconds from this mark to ``end``."""
        return cupy().cuda.get_elapsed_time(self._event, end._event)


__getattr__ = _lookup(__name__)
