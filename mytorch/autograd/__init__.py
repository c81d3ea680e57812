# Names only: there is nothing to read here.
"""The public names of reverse-mode differentiation.

``core`` records operations and runs backward; this package has user functions, gradient checks, Jacobians and
Hessians.
"""

from ..core.backward import backward
from ..tensors.public_names import lookup as _lookup
from ..tensors.public_names import publish as _publish
from . import functional, overlap
from .anomaly_mode import detect_anomaly, set_detect_anomaly
from .function import Function
from .grad import grad
from .grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled
from .gradcheck import gradcheck, gradgradcheck  # the function hides its module
from .variable import Variable

__all__ = [
    "Function",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "inference_mode",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
]

_publish(__name__, ["backward", "grad"])
__getattr__ = _lookup(__name__, later=("forward_ad", "graph", "profiler"))  # the last imports nn and optim
