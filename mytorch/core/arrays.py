"""Arrays and devices. The only file that imports CuPy, and only when a GPU is asked for.

An array's type says which module works on it: ``xp(array)`` is ``numpy`` or ``cupy``. Nothing above this file
asks which.
"""

from __future__ import annotations

import contextvars
import importlib

import numpy

ndarray = numpy.ndarray
modules = {ndarray: numpy}  # array type -> the module that works on it; CuPy's joins when it is first used


def xp(array):
    """The module (numpy or cupy) that works on ``array``; numpy for scalars."""
    return modules.get(type(array), numpy)


def as_array(x):
    """``x`` as an array of its own module (a reduction in NumPy returns a scalar)."""
    return x if type(x) in modules else numpy.asarray(x)


def array_of(x):
    """The array of a Variable; anything else as it is."""
    return x if type(x) in modules else getattr(x, "array", x)


def is_array(x):
    """Whether ``x`` is an array of a known module."""
    return type(x) in modules


# NumPy warns of 1/0, PyTorch does not. `numpy.errstate` takes 0.7 µs a time, the context variable behind it a
# third. NumPy copies what it broadcasts over rows shorter than its buffer: so ``size`` is below its 8192.
def quiet_state(size):
    before = dict(contextvars.copy_context().items())
    with numpy.errstate(all="ignore"):
        numpy.setbufsize(size)
        return next(
            (v, state) for v, state in contextvars.copy_context().items() if before.get(v) is not state
        )


float_errors, QUIET = quiet_state(1024)


def quietly(function, *arrays, **settings):
    """``function(*arrays, **settings)`` without NumPy's warnings."""
    token = float_errors.set(QUIET)
    try:
        return function(*arrays, **settings)
    finally:
        float_errors.reset(token)


# ---- devices -------------------------------------------------------------------------------------


class device:
    """Where a tensor lives: ``device("cpu")``, ``device("cuda")``, ``device("cuda:1")``, ``device("cuda",
    1)``.

    ``device("cuda")`` names the current GPU. Raises RuntimeError for a name that is neither.
    """

    __slots__ = ("index", "type")
    type: str
    index: int | None

    def __init__(self, type: str | device | int, index: int | None = None):
        name: object = type
        if isinstance(type, bool):
            raise TypeError(f"a device is a string, an index or a device, not {type}")
        if isinstance(type, device):
            name, index = type.type, type.index if index is None else index
        elif isinstance(type, int):
            name, index = "cuda", type
        kind, _, number = str(name).partition(":")
        if kind not in ("cpu", "cuda") or (number and not number.isdigit()) or (number and index is not None):
            raise RuntimeError(f"Invalid device string: {type!r}; mytorch has 'cpu' and 'cuda' (or 'cuda:N')")
        self.type, self.index = kind, int(number) if number else index

    def __str__(self):
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self):
        return f"device(type={self.type!r}" + (")" if self.index is None else f", index={self.index})")

    def __eq__(self, other):
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self):
        return hash((self.type, self.index))

    def __reduce__(self):
        return device, (self.type, self.index)

    def __enter__(self):
        """As a context manager: the device of tensors that are created without one."""
        _default_devices.set((*_default_devices.get(), self))
        return self

    def __exit__(self, *exc_info):
        _default_devices.set(_default_devices.get()[:-1])


CPU = device("cpu")
_default_devices: contextvars.ContextVar = contextvars.ContextVar("default_devices", default=(CPU,))


def default_device() -> device:
    """The device of tensors that are created without one."""
    return _default_devices.get()[-1]


def set_default_device(device) -> None:
    """Create tensors on ``device`` from now on (None: on the CPU), unless one is given."""
    _default_devices.set((*_default_devices.get()[:-1], type(CPU)(device or CPU)))


def device_of(array) -> device:
    """The device that holds ``array``."""
    return CPU if xp(array) is numpy or array.device == "cpu" else device("cuda", array.device.id)


class DeviceError(RuntimeError):
    """A device that is not to be had. Its message says all; operations add nothing to it."""

    explained = True


def cupy():
    """The cupy module, imported on first use.

    DeviceError, a RuntimeError, names the extra to install, or says that no GPU is there.
    """
    try:
        module = importlib.import_module("cupy")
    except ImportError as error:
        raise DeviceError(
            "device 'cuda' needs CuPy, which is not installed: pip install 'mytorch[cuda12]' (or "
            "'mytorch[cuda13]' for CUDA 13), "
            "or use device 'cpu'"
        ) from error
    if module.ndarray not in modules:
        if not module.cuda.is_available():
            raise DeviceError("device 'cuda' was asked for, but no NVIDIA GPU is available; use device 'cpu'")
        modules[module.ndarray] = module
    return module


def cuda_is_available() -> bool:
    """Whether CuPy is installed and sees a GPU."""
    try:
        return bool(cupy())
    except RuntimeError:
        return False


def module_for(where: device):
    """The array module of a device."""
    return cupy() if where.type == "cuda" else numpy


def move(array, where, copy=False):
    """``array`` on device ``where``; itself if it is there and no ``copy`` is asked for."""
    where = where if type(where) is device else device(where)
    if where.type != "cuda":
        return xp(array).asnumpy(array) if xp(array) is not numpy else array.copy() if copy else array
    gpu = cupy()
    with gpu.cuda.Device(gpu.cuda.Device().id if where.index is None else where.index):
        return gpu.array(array) if copy else gpu.asarray(array)


def broadcast_shape(*shapes):
    """The shape that ``shapes`` broadcast to. RuntimeError if they do not."""
    target: list = []
    for shape in shapes:
        target = [1] * (len(shape) - len(target)) + target
        for i, n in enumerate(reversed(shape), 1):
            if target[-i] == 1:
                target[-i] = n
            elif n not in (1, target[-i]):
                raise RuntimeError(
                    f"The size of tensor a ({target[-i]}) must match the size of tensor b ({n}) at "
                    f"non-singleton dimension {len(target) - i}"
                )
    return tuple(target)
