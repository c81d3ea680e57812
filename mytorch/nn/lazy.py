"""Layers that learn the size of their input from the first one they see, and then are ordinary layers."""

from __future__ import annotations

from ..tensors.creation import empty_like
from ..tensors.tensor import Tensor
from .conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from .linear import Linear
from .normalization import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
)
from .parameter import Parameter
from .state import persistent_tensors


class UninitializedParameter(Parameter):
    """A parameter whose shape is not known yet: empty until :meth:`become`. Optimizers may hold it
    already."""

    def become(self, parameter):
        """Take over the values of ``parameter`` and be an ordinary Parameter from now on."""
        wants = self.requires_grad
        self.requires_grad_(False)
        self.__class__, self._leaf = Parameter, None
        self.data = parameter.detach()
        self.requires_grad_(wants)

    def __repr__(self):
        return "<UninitializedParameter>"


def _lazy(cls, size, dim, **defaults):
    """The lazy form of the layer ``cls``, whose first argument ``size`` is the size of dimension ``dim`` of
    its input.

    ``defaults`` are those that torch gives the lazy form alone, by keyword or by their place after ``eps``
    and ``momentum``.
    """

    class Lazy(cls):
        __doc__ = (
            f"A {cls.__name__} whose ``{size}`` is that of the first input. It takes the other arguments "
            f"of {cls.__name__}."
        )

        def __init__(self, *args, **kwargs):
            kwargs = {**dict(list(defaults.items())[max(len(args) - 2, 0) :]), **kwargs}
            # for the names of what it holds, and the checks
            cls.__init__(self, kwargs.get("groups", 1), *args, **kwargs)
            setattr(self, size, 0)
            for name, parameter in self._parameters.items():
                if parameter is not None:
                    self._parameters[name] = UninitializedParameter(parameter.detach()[:0].reshape(-1))
            self._arguments = (args, kwargs)

        def has_uninitialized_params(self):
            """Whether there are parameters whose shape is not known yet."""
            return any(isinstance(p, UninitializedParameter) for p in self._parameters.values())

        def initialize_parameters(self, input):
            """Give what has no shape yet that which ``input`` asks for, and initial values."""
            args, kwargs = self._arguments
            # without a batch, dimension 0
            channel = input.ndim - 1 - self.dimensions if dim and hasattr(self, "dimensions") else dim
            # of their dtype, in their place
            made = cls(input.shape[channel], *args, **kwargs).to(next(self.parameters(), input))
            for name, parameter in self._parameters.items():
                if isinstance(parameter, UninitializedParameter):
                    parameter.become(made._parameters[name])
            for name, buffer in made._buffers.items():
                if buffer is not None and self._buffers[name].shape != buffer.shape:
                    self._buffers[name] = buffer
            setattr(self, size, input.shape[channel])

        def forward(self, input, *args, **kwargs):
            self.initialize_parameters(input)
            del self._arguments
            self.__class__ = cls
            return self.forward(input, *args, **kwargs)

        def _load_from_state_dict(self, state_dict, prefix, *args):
            for name, tensor in persistent_tensors(self):
                given = state_dict.get(prefix + name)
                if (
                    isinstance(given, Tensor)
                    and not isinstance(given, UninitializedParameter)
                    and given.shape != tensor.shape
                ):
                    if isinstance(tensor, UninitializedParameter):
                        tensor.become(empty_like(given, dtype=tensor.dtype, device=tensor.device))
                    elif name in self._buffers and not getattr(self, size):
                        self._buffers[name] = empty_like(given, dtype=tensor.dtype, device=tensor.device)
            super()._load_from_state_dict(state_dict, prefix, *args)

    Lazy.__name__ = Lazy.__qualname__ = "Lazy" + cls.__name__
    return Lazy


LazyLinear = _lazy(Linear, "in_features", -1)
LazyConv1d, LazyConv2d, LazyConv3d = (_lazy(c, "in_channels", 1) for c in (Conv1d, Conv2d, Conv3d))
LazyConvTranspose1d, LazyConvTranspose2d, LazyConvTranspose3d = (
    _lazy(c, "in_channels", 1) for c in (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)
)
LazyBatchNorm1d, LazyBatchNorm2d, LazyBatchNorm3d = (
    _lazy(c, "num_features", 1) for c in (BatchNorm1d, BatchNorm2d, BatchNorm3d)
)
LazyInstanceNorm1d, LazyInstanceNorm2d, LazyInstanceNorm3d = (
    _lazy(c, "num_features", 1, affine=True, track_running_stats=True)
    for c in (InstanceNorm1d, InstanceNorm2d, InstanceNorm3d)
)
