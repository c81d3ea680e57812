"""Random numbers: generators with a state, the default generator, and functions that draw arrays."""

from __future__ import annotations

import contextlib
import math
import os

import numpy

from ..core.arrays import CPU, as_array, cupy, move, quietly
from ..core.arrays import device as as_device
from ..core.dtypes import category
from ..core.graph import Variable, wrap
from ..kernels.sums import running_sum
from .from_data import as_type


class Generator:
    """A random number generator with its own state.

    It draws with NumPy's PCG64 for tensors of every device, so that a seed means the same everywhere. Only
    dropout masks are drawn on the GPU itself, by a generator whose seed is part of the state: see :meth:`on`.
    """

    def __init__(self, device="cpu"):
        self.device = as_device(device)
        self.manual_seed(67280421310721)  # torch's seed of a new generator

    def manual_seed(self, seed: int):
        """Restart from ``seed`` and return the generator.

        ``seed``: an integer in [-2**63, 2**64), taken modulo 2**64. ValueError for others.
        """
        seed = int(seed)
        if not -(2**63) <= seed < 2**64:
            raise ValueError(
                f"Overflow when unpacking long long: a seed should be in [-2**63, 2**64), got {seed}"
            )
        self._seed = seed % 2**64
        self._source = None
        return self.seed_devices(self._seed)

    @property
    def numpy(self):
        """The NumPy generator, made on first use because importing numpy.random is slow."""
        if self._source is None:
            self._source = numpy.random.Generator(numpy.random.PCG64(self._seed))
        return self._source

    def seed_devices(self, seed: int):
        """Restart the generators on GPUs alone from ``seed``, and return the generator."""
        self._device_seed = int(seed) % 2**64
        self._on_devices: dict = {}
        return self

    def on(self, where):
        """The NumPy or CuPy generator that draws on the device ``where``.

        It has ``random(size, dtype)`` and ``standard_normal(size, dtype)``.
        """
        if where.type == "cpu":
            return self.numpy
        if where not in self._on_devices:
            self._on_devices[where] = _on_gpu(where, self._device_seed)
        return self._on_devices[where]

    def seed(self) -> int:
        """Restart from a seed of the operating system, and return the seed."""
        return self.manual_seed(int.from_bytes(os.urandom(7), "little")).initial_seed()

    def initial_seed(self) -> int:
        """The seed of the last restart."""
        return self._seed

    def get_state(self):
        """The state as a uint8 tensor.

        CuPy's generators have no readable state, so this restarts them from a seed that is part of the state.
        """
        if self._on_devices:
            self.seed_devices(self._device_seed + 1)
        state = self.numpy.bit_generator.state
        counter, unused = state["state"], (state["uinteger"], state["has_uint32"])
        numbers = (counter["state"], counter["inc"], *unused, self._seed, self._device_seed)
        raw = b"".join(n.to_bytes(16, "little") for n in numbers)
        return wrap(numpy.frombuffer(raw, numpy.uint8).copy())

    def set_state(self, state):
        """Restore a state that ``get_state`` returned, and return the generator.

        TypeError or RuntimeError for anything else.
        """
        if not isinstance(state, Variable) or state.array.dtype != numpy.uint8:
            raise TypeError(
                "RNG state must be a uint8 tensor, got "
                f"{state.dtype if isinstance(state, Variable) else type(state).__name__}"
            )
        raw = move(state.array, CPU).tobytes()
        if len(raw) != 96:
            raise RuntimeError(f"RNG state must be a uint8 tensor of 96 elements, got {len(raw)}")
        a, inc, number, has, seed, device_seed = (
            int.from_bytes(raw[i : i + 16], "little") for i in range(0, 96, 16)
        )
        self.manual_seed(seed).seed_devices(device_seed)
        self.numpy.bit_generator.state = {
            "bit_generator": "PCG64",
            "state": {"state": a, "inc": inc},
            "has_uint32": int(has),
            "uinteger": int(number),
        }
        return self

    def clone_state(self):
        """A new generator in the same state."""
        return _restored(self.device, self.get_state())

    def __reduce__(self):
        return _restored, (self.device, self.get_state())

    def __repr__(self):
        return f"<mytorch.Generator device={self.device} seed={self._seed}>"


def _on_gpu(where, seed):
    """A generator on a GPU, with NumPy's ``random(size, dtype)`` and ``standard_normal(size, dtype)``."""
    gpu = cupy()
    with gpu.cuda.Device(gpu.cuda.Device().id if where.index is None else where.index):
        return gpu.random.Generator(gpu.random.XORWOW(seed))


def _restored(where, state):
    return Generator(where).set_state(state)


default_generator = Generator()
default_generator.seed()


def manual_seed(seed: int) -> Generator:
    """Restart the default generator from ``seed``, and return the generator."""
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Restart the default generator from a seed of the operating system, and return the seed."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed of the default generator."""
    return default_generator.initial_seed()


def get_rng_state():
    """The default generator's state as a uint8 tensor."""
    return default_generator.get_state()


def set_rng_state(new_state) -> None:
    """Restore a state that :func:`get_rng_state` returned."""
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(devices=None, enabled=True):
    """Restore the default generator's state at the end of ``with fork_rng(): …``; ``devices`` is ignored."""
    state = get_rng_state() if enabled else None
    try:
        yield
    finally:
        if enabled:
            set_rng_state(state)


# ---- arrays of random numbers --------------------------------------------------------------------


def source_of(generator):
    """The NumPy generator of ``generator``, or of the default one for None. TypeError for anything else."""
    source = default_generator if generator is None else generator
    if not isinstance(source, Generator):
        raise TypeError(f"argument 'generator' must be a Generator or None, not {type(source).__name__}")
    return source.numpy


def floats(draw, shape, kind):
    """Numbers of ``draw``, a source's ``random`` or ``standard_normal``, in the NumPy dtype ``kind``.

    Complex ones have two independent parts; the variance of normal ones is 1, of each part a half.
    NotImplementedError for integers.
    """
    if kind.kind == "c":
        parts = draw((*shape, 2), dtype="float32" if kind.itemsize == 8 else "float64")
        if draw.__name__ == "standard_normal":
            parts *= math.sqrt(0.5)
        return parts.view(kind)[..., 0]
    if category(kind) < 2:
        raise NotImplementedError(
            f"random numbers of a continuous distribution are not implemented for {kind}"
        )
    if kind.itemsize > 2:
        return draw(shape, dtype=kind)
    values = draw(shape, dtype="float32")
    if draw.__name__ == "random":  # round down: rounding to the nearest could give 1
        steps = 2.0 ** (11 if kind == "float16" else 8)
        values = numpy.floor(values * numpy.float32(steps)) / numpy.float32(steps)
    return values.astype(kind)


def integers(source, low, high, shape, kind):
    """Uniform integers in [low, high) in the NumPy dtype ``kind``.

    RuntimeError if the range is empty or the dtype cannot hold it.
    """
    for name, value in (("from", low), ("to", high)):
        if not hasattr(value, "__index__"):
            raise TypeError(f"random integers need integer bounds, got {name}={value!r}")
    low, high = low.__index__(), high.__index__()
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    if kind.kind == "c":
        raise RuntimeError(f"random integers are not implemented for {kind}")
    limits = numpy.iinfo(kind) if kind.kind in "iu" else None
    for name, value in (("from", low), ("to - 1", high - 1)):
        if (limits and not limits.min <= value <= limits.max) or (kind.kind == "b" and not 0 <= value <= 1):
            raise RuntimeError(f"{name} is out of bounds for {kind}, got {value}")
    return as_type(source.integers(low, high, shape, dtype="uint64" if high > 2**63 else "int64"), kind)


def coins(source, chance, shape):
    """True with probability ``chance``, a number or an array that broadcasts to ``shape``.

    RuntimeError unless it lies in [0, 1].
    """
    outside = ~as_array(quietly(lambda: (chance >= 0) & (chance <= 1)))  # bfloat16 warns of nan
    if numpy.any(outside):
        raise RuntimeError(
            f"bernoulli expects p to be in [0, 1], but got p={numpy.extract(outside, chance)[0]}"
        )
    is_double = getattr(chance, "dtype", "float64") == "float64"
    draws = source.random(shape, dtype="float64" if is_double else "float32")
    return as_array(draws < chance)


def picks(source, weights, count, replacement):
    """Indices drawn with the weights in each row of an array (N, K) or (K,): int64 (N, count) or (count,).

    RuntimeError as in ``multinomial``.
    """
    if weights.ndim not in (1, 2):
        raise RuntimeError(f"prob_dist must be 1 or 2 dim, got {weights.ndim}")
    if category(weights.dtype) != 2:
        raise RuntimeError(f"multinomial only supports floating-point dtypes for input, got: {weights.dtype}")
    if count <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and count > weights.shape[-1]:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    weights = weights.astype("float64")
    if not (numpy.isfinite(weights) & (weights >= 0)).all():
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    total = running_sum(weights, -1)
    if weights.size and (total[..., -1:] <= 0).any():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    # the largest weights / exponential noise: Efraimidis & Spirakis, Weighted random sampling (2006)
    if not replacement:
        keys = weights / source.standard_exponential(weights.shape)
        return numpy.argsort(-keys, axis=-1, kind="stable")[..., :count]
    draws = source.random((*weights.shape[:-1], count)) * total[..., -1:]
    totals = total.reshape(-1, weights.shape[-1])
    rows = [numpy.searchsorted(t, d, side="right") for t, d in zip(totals, draws.reshape(-1, count))]
    # rounding may give an index behind the last positive weight
    last = weights.shape[-1] - 1 - (weights[..., ::-1] > 0).argmax(-1, keepdims=True)
    return numpy.minimum(numpy.array(rows, "int64").reshape(draws.shape), last)
