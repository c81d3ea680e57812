# Names only: there is nothing to read here.
"""``torch.random``: seeds and generators. Random tensors are in ``tensors.random_creation``."""

from .tensors.generator import (
    Generator,
    default_generator,
    fork_rng,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)
from .tensors.public_names import lookup as _lookup
from .tensors.public_names import publish as _publish

__all__ = [
    "Generator",
    "default_generator",
    "fork_rng",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "seed",
    "set_rng_state",
]

_publish(__name__, [name for name in __all__ if name not in ("Generator", "default_generator")])
__getattr__ = _lookup(__name__)
