"""Reverse-mode differentiation: the graph (graph), its recording (engine, out), the walk back (walk), grad
modes, user functions and gradient checks.

Names only. graph, engine, out, walk and grad_mode stand below the operations, the others above them.
"""

from ..core.anomaly_mode import detect_anomaly, set_detect_anomaly
from ..core.backward import backward
from ..core.grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled
from ..core.public_names import lookup as _lookup
from ..core.public_names import publish as _publish
from . import functional
from .function import Function
from .grad import grad
from .gradcheck import gradcheck, gradgradcheck  # the function takes the place of its module's name
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
__getattr__ = _lookup(__name__)
