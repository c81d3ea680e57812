"""Activations as modules: each is a function of ``nn.functional`` with its settings."""

from __future__ import annotations

import inspect

from ..documentation import written
from ..tensors.creation import empty
from . import functional as F
from . import init as initial
from .module import Module
from .parameter import Parameter


class Activation(Module):
    """A function of one tensor, with settings that are attributes."""

    _mytorch_function = None
    _mytorch_settings: dict = {}

    def __init__(self, *args, **kwargs):
        bound = inspect.Signature.bind(type(self).__signature__, *args, **kwargs)
        bound.apply_defaults()
        super().__init__()
        for name, value in bound.arguments.items():
            setattr(self, name, value)

    def forward(self, input):
        """The function of each element (or over ``dim``); the shape of ``input``."""
        return self._mytorch_function(input, *[getattr(self, name) for name in self._mytorch_settings])

    def extra_repr(self):
        values = [(name, getattr(self, name)) for name in self._mytorch_settings]
        return ", ".join(f"{name}={value!r}" for name, value in values if name != "inplace" or value)


def _activation(name, function, **settings):
    """The module class ``name`` of ``function(input, *settings)``; the settings come with their defaults."""
    parameters = [
        inspect.Parameter(s, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=value)
        for s, value in settings.items()
    ]
    return type(
        name,
        (Activation,),
        {
            "__module__": __name__,
            "__doc__": written(function),
            "__signature__": inspect.Signature(parameters),
            "_mytorch_function": staticmethod(function),
            "_mytorch_settings": settings,
        },
    )


class ReLU(Module):
    """max(x, 0), elementwise."""

    def __init__(self, inplace=False):
        super().__init__()
        self.inplace = inplace

    def forward(self, input):
        """max(x, 0)."""
        return F.relu(input, self.inplace)

    def extra_repr(self):
        return "inplace=True" if self.inplace else ""


Sigmoid = _activation("Sigmoid", F.sigmoid)
Tanh = _activation("Tanh", F.tanh)
LogSigmoid = _activation("LogSigmoid", F.logsigmoid)
Softsign = _activation("Softsign", F.softsign)
Tanhshrink = _activation("Tanhshrink", F.tanhshrink)
SiLU = _activation("SiLU", F.silu, inplace=False)
Mish = _activation("Mish", F.mish, inplace=False)
SELU = _activation("SELU", F.selu, inplace=False)
LeakyReLU = _activation("LeakyReLU", F.leaky_relu, negative_slope=0.01, inplace=False)
ELU = _activation("ELU", F.elu, alpha=1.0, inplace=False)
CELU = _activation("CELU", F.celu, alpha=1.0, inplace=False)
GELU = _activation("GELU", F.gelu, approximate="none")
GLU = _activation("GLU", F.glu, dim=-1)
Softplus = _activation("Softplus", F.softplus, beta=1.0, threshold=20.0)
Hardtanh = _activation("Hardtanh", F.hardtanh, min_val=-1.0, max_val=1.0, inplace=False)
Threshold = _activation(
    "Threshold", F.threshold, threshold=inspect.Parameter.empty, value=inspect.Parameter.empty, inplace=False
)
ReLU6 = _activation("ReLU6", F.relu6, inplace=False)
Softmax = _activation("Softmax", F.softmax, dim=None)
Softmin = _activation("Softmin", F.softmin, dim=None)
LogSoftmax = _activation("LogSoftmax", F.log_softmax, dim=None)
Hardshrink = _activation("Hardshrink", F.hardshrink, lambd=0.5)
Softshrink = _activation("Softshrink", F.softshrink, lambd=0.5)
Hardsigmoid = _activation("Hardsigmoid", F.hardsigmoid, inplace=False)
Hardswish = _activation("Hardswish", F.hardswish, inplace=False)

# as in torch, these show the bare number, and those nothing
Hardshrink.extra_repr = Softshrink.extra_repr = lambda self: str(self.lambd)
Hardsigmoid.extra_repr = Hardswish.extra_repr = lambda self: ""


class RReLU(Module):
    """x where it is positive, else a · x.

    a is drawn from [lower, upper] for each element in training, and (lower + upper) / 2 in eval mode.
    """

    def __init__(self, lower=1.0 / 8, upper=1.0 / 3, inplace=False):
        super().__init__()
        self.lower, self.upper, self.inplace = lower, upper, inplace

    def forward(self, input):
        """The shape of ``input``."""
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self):
        return f"lower={self.lower}, upper={self.upper}" + (", inplace=True" if self.inplace else "")


class PReLU(Module):
    """x where it is positive, else weight · x with a learned ``weight``: one number, or one per channel
    (``num_parameters``).
    """

    def __init__(self, num_parameters=1, init=0.25, device=None, dtype=None):
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.weight = Parameter(empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self):
        """Back to the initial value."""
        initial.constant_(self.weight, self.init)

    def forward(self, input):
        """The shape of ``input``."""
        return F.prelu(input, self.weight)

    def extra_repr(self):
        return f"num_parameters={self.num_parameters}"


class Softmax2d(Module):
    """Softmax over the channels of (N, C, H, W) or (C, H, W). ValueError for other inputs."""

    def forward(self, input):
        """The shape of ``input``."""
        if input.ndim not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.ndim}D instead")
        return F.softmax(input, -3)
