# Names only: there is nothing to read here.
"""``torch.func``: derivatives of functions as functions, ``vmap``, modules as functions."""

from ..tensors.public_names import lookup as _lookup
from ..tensors.public_names import publish as _publish
from .derivatives import grad, grad_and_value, hessian, jacfwd, jacrev, jvp, linearize, vjp
from .modules import functional_call, stack_module_state
from .vmap import vmap

__all__ = [
    "functional_call",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "stack_module_state",
    "vjp",
    "vmap",
]

_publish(__name__)
__getattr__ = _lookup(__name__)
