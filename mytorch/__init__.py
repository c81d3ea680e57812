"""mytorch: a small deep-learning framework with PyTorch's API, on NumPy and CuPy. Names only; the code is in the modules."""

from . import autograd
from .tensor import Size, Tensor  # isort: skip  (the submodule's name gives way to the function `tensor` below)
from .autograd.grad_mode import enable_grad, inference_mode, is_grad_enabled, is_inference_mode_enabled, no_grad, set_grad_enabled
from .backend import device, set_default_device
from .creation import arange, as_tensor, asarray, empty, from_numpy, full, ones, tensor, zeros
from .dtypes import (
    can_cast, complex64, complex128, dtype, float16, float32, float64, get_default_dtype, int8, int16, int32, int64, promote_types,
    set_default_dtype, uint8, uint16, uint32, uint64,
)  # fmt: skip
from .dtypes import bool_ as bool
from .dtypes import double, half, long, short
from .dtypes import float_ as float
from .dtypes import int_ as int
from .random import (
    Generator, default_generator, get_rng_state, initial_seed, manual_seed, rand, randint, randn, randperm, seed, set_rng_state,
)  # fmt: skip
from .config import show_config

__version__ = "0.1.0"
