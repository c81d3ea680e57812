"""Random numbers: generators whose state can be saved and restored, and the functions that draw from them."""

from __future__ import annotations

import math
import os

import numpy

from .autograd.engine import wrap
from .backend import default_device, device, device_generator, move
from .dtypes import as_dtype, default_numpy


class Generator:
    """A source of random numbers with its own state.

    Behind it is NumPy's PCG64, for tensors of every device, so that a seed means the same everywhere. What only the GPU sees (dropout)
    is drawn there, by a generator whose seed is part of the state: see :meth:`on`.
    """

    def __init__(self, device="cpu"):
        self.device = _device(device)
        self.manual_seed(67280421310721)  # torch's seed of a new generator

    def manual_seed(self, seed: int):
        """Start anew from ``seed``; returns the generator."""
        self._seed = int(seed)
        self.numpy = numpy.random.Generator(numpy.random.PCG64(self._seed % 2**64))
        return self.seed_devices(self._seed)

    def seed_devices(self, seed: int):
        """Start only the generators on GPUs anew; returns the generator."""
        self._device_seed, self._on_devices = int(seed) % 2**64, {}
        return self

    def on(self, where):
        """What draws on the device ``where``, with ``random(size, dtype)`` and ``standard_normal(size, dtype)``: NumPy's generator or CuPy's."""
        if where.type == "cpu":
            return self.numpy
        if where not in self._on_devices:
            self._on_devices[where] = device_generator(where, self._device_seed)
        return self._on_devices[where]

    def seed(self) -> int:
        """Start anew from a seed of the operating system; returns it."""
        return self.manual_seed(int.from_bytes(os.urandom(7), "little")).initial_seed()

    def initial_seed(self) -> int:
        """The seed that it was last started from."""
        return self._seed

    def get_state(self):
        """Its state as a uint8 tensor. CuPy's generators cannot tell theirs: they start anew here, from a seed that is part of the state."""
        if self._on_devices:
            self.seed_devices(self._device_seed + 1)
        state = self.numpy.bit_generator.state
        numbers = (state["state"]["state"], state["state"]["inc"], state["uinteger"], state["has_uint32"], self._seed % 2**64, self._device_seed)
        raw = b"".join(n.to_bytes(16, "little") for n in numbers)
        return wrap(numpy.frombuffer(raw, numpy.uint8).copy())

    def set_state(self, state):
        """Go on from a state that ``get_state`` returned; returns the generator. RuntimeError for anything else."""
        raw = state.cpu().array.tobytes()
        if len(raw) != 96 or state.array.dtype != numpy.uint8:
            raise RuntimeError(f"RNG state must be a uint8 tensor of 96 elements, got {state.dtype} with {state.numel()}")
        a, inc, number, has, seed, device_seed = (int.from_bytes(raw[i : i + 16], "little") for i in range(0, 96, 16))
        self.manual_seed(seed).seed_devices(device_seed)
        self.numpy.bit_generator.state = {
            "bit_generator": "PCG64", "state": {"state": a, "inc": inc}, "has_uint32": int(has), "uinteger": int(number)
        }  # fmt: skip
        return self


def _device(where):
    return device(where)


default_generator = Generator()
default_generator.seed()


def manual_seed(seed: int) -> Generator:
    """Start the default generator anew from ``seed``; returns it."""
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Start the default generator anew from a seed of the operating system; returns it."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed of the default generator."""
    return default_generator.initial_seed()


def get_rng_state():
    """The default generator's state as a uint8 tensor."""
    return default_generator.get_state()


def set_rng_state(state) -> None:
    """Go on from a state that :func:`get_rng_state` returned."""
    default_generator.set_state(state)


def _finish(array, dtype, where, requires_grad):
    array = numpy.asarray(array, dtype=as_dtype(dtype).numpy if dtype is not None else default_numpy())
    return wrap(move(array, where or default_device())).requires_grad_(requires_grad)


def _sizes(size):
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = size[0]
    return tuple(n.__index__() for n in size)


def _draw_dtype(dtype):
    kind = as_dtype(dtype).numpy if dtype is not None else default_numpy()
    return kind if kind in ("float32", "float64") else numpy.dtype("float32")


def rand(*size, generator=None, dtype=None, device=None, requires_grad=False):
    """Uniform random numbers in [0, 1) of shape ``size``."""
    source = (generator or default_generator).numpy
    return _finish(source.random(_sizes(size), dtype=_draw_dtype(dtype)), dtype, device, requires_grad)


def randn(*size, generator=None, dtype=None, device=None, requires_grad=False):
    """Standard normal random numbers of shape ``size``."""
    source = (generator or default_generator).numpy
    return _finish(source.standard_normal(_sizes(size), dtype=_draw_dtype(dtype)), dtype, device, requires_grad)


def randint(low, high=None, size=None, *, generator=None, dtype="int64", device=None, requires_grad=False):
    """Uniform random integers in [low, high), ``randint(high, size)`` or ``randint(low, high, size)``."""
    if size is None:
        low, high, size = 0, low, high
    if high is None:
        low, high = 0, low
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    return _finish((generator or default_generator).numpy.integers(low, high, _sizes((size,))), dtype, device, requires_grad)


def randperm(n, *, generator=None, dtype="int64", device=None, requires_grad=False):
    """A random permutation of 0 … n-1."""
    return _finish((generator or default_generator).numpy.permutation(n), dtype, device, requires_grad)
