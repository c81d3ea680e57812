"""Layers that take the size of their input from the first one, and then become ordinary layers."""

from __future__ import annotations

from ..tensors.creation import empty, empty_like
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


class UninitializedTensorMixin:
    """What parameters and buffers share whose shape is not known yet: they are empty until :meth:`become`."""

    _mytorch_becomes: type  # what it is from then on

    @property
    def shape(self):
        """RuntimeError: it is not known yet."""
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer: it gets one in the first "
            "forward, or by load_state_dict from a module that has been called"
        )

    def materialize(self, shape, device=None, dtype=None):
        """Become an ordinary parameter or buffer of this shape, whose values are uninitialised."""
        self.become(empty(shape, device=device or self.device, dtype=dtype or self.dtype))

    def become(self, tensor):
        """Become an ordinary parameter or buffer with the values of ``tensor``."""
        wants = self.requires_grad
        self.requires_grad_(False)
        self.__class__, self._leaf = self._mytorch_becomes, None
        self.data = tensor.detach()
        self.requires_grad_(wants)

    def __repr__(self):
        return f"<{type(self).__name__}>"


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A parameter whose shape is not known yet. Optimizers may hold it before."""

    _mytorch_becomes = Parameter

    def __new__(cls, requires_grad=True, device=None, dtype=None):
        return super().__new__(cls, empty(0, device=device, dtype=dtype), requires_grad)


class UninitializedBuffer(UninitializedTensorMixin, Tensor):
    """A tensor whose shape is not known yet, for ``register_buffer``.

    Args:
        persistent (bool): whether it is in the state dict of its module

    Example:
        >>> buffer = nn.UninitializedBuffer()
        >>> buffer.materialize((2, 3))
        >>> buffer.shape
        mytorch.Size([2, 3])
    """

    _mytorch_becomes = Tensor

    def __new__(cls, requires_grad=False, device=None, dtype=None, persistent=True):
        new = empty(0, device=device, dtype=dtype).as_subclass(cls).requires_grad_(requires_grad)
        new.persistent = persistent
        return new


class LazyModuleMixin:
    """Makes a Module of one's own lazy: ``class Mine(LazyModuleMixin, Module)`` has
    :class:`UninitializedParameter` and a method ``initialize_parameters(*args, **kwargs)``, which is called
    with the arguments of the first forward and gives them their shapes.

    Then the module becomes one of the class ``cls_to_become``, if that is not None.
    """

    cls_to_become: type | None = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._initialize_hook = self.register_forward_pre_hook(self._infer_parameters, with_kwargs=True)

    def initialize_parameters(self, *args, **kwargs):
        """Give the parameters their shapes; a class of one's own says how."""
        raise NotImplementedError(f"initialize_parameters is not implemented for {type(self).__name__}")

    def has_uninitialized_params(self):
        """Whether there are parameters or buffers whose shape is not known yet."""
        tensors = (*self._parameters.values(), *self._buffers.values())
        return any(isinstance(t, UninitializedTensorMixin) for t in tensors)

    def _infer_parameters(self, module, args, kwargs=None):
        self.initialize_parameters(*args, **(kwargs or {}))
        if self.has_uninitialized_params():
            raise RuntimeError(f"module {type(self).__name__} has not been fully initialized")
        self._initialize_hook.remove()
        del self._initialize_hook
        if self.cls_to_become is not None:
            self.__class__ = self.cls_to_become

    def _load_from_state_dict(self, state_dict, prefix, *args):
        for name, tensor in persistent_tensors(self):
            given = state_dict.get(prefix + name)
            known = isinstance(given, Tensor) and not isinstance(given, UninitializedTensorMixin)
            if isinstance(tensor, UninitializedTensorMixin) and known:
                tensor.become(empty_like(given, dtype=tensor.dtype, device=tensor.device))
        super()._load_from_state_dict(state_dict, prefix, *args)


class _Lazy(LazyModuleMixin):
    """What lazy layers add to the layer ``cls_to_become``, an ordinary one, that they become.

    Its argument ``_mytorch_size`` is the size of dimension ``_mytorch_dim`` of the first input.
    """

    _mytorch_size: str
    _mytorch_dim: int
    _mytorch_defaults: dict

    def __init__(self, *args, **kwargs):
        # defaults by keyword, unless they are given by position: they come after eps and momentum
        defaults = list(self._mytorch_defaults.items())[max(len(args) - 2, 0) :]
        kwargs = {**dict(defaults), **kwargs}
        # any valid size: this checks the arguments and gives the parameters their names
        super(LazyModuleMixin, self).__init__(kwargs.get("groups", 1), *args, **kwargs)
        setattr(self, self._mytorch_size, 0)
        for name, parameter in self._parameters.items():
            if parameter is not None:
                like = {"device": parameter.device, "dtype": parameter.dtype}
                self._parameters[name] = UninitializedParameter(**like)
        self._arguments = (args, kwargs)

    def initialize_parameters(self, input):
        """Give the parameters and buffers the shapes that ``input`` requires, and initial values."""
        args, kwargs = self._arguments
        dim = self._mytorch_dim
        if dim == 1 and hasattr(
            self, "_mytorch_dimensions"
        ):  # an input without a batch has its channels at 0
            dim = input.ndim - 1 - self._mytorch_dimensions
        made = self.cls_to_become(input.shape[dim], *args, **kwargs)
        made = made.to(next(self.parameters(), input))  # the dtype and device of the lazy parameters
        for name, parameter in self._parameters.items():
            if isinstance(parameter, UninitializedParameter):
                parameter.become(made._parameters[name])
        for name, buffer in made._buffers.items():
            if buffer is not None and self._buffers[name].shape != buffer.shape:
                self._buffers[name] = buffer
        setattr(self, self._mytorch_size, input.shape[dim])

    def forward(self, input, *args, **kwargs):
        """Become the ordinary layer, and call it."""
        self.initialize_parameters(input)
        del self._arguments
        self.__class__ = self.cls_to_become
        return self.forward(input, *args, **kwargs)

    def _load_from_state_dict(self, state_dict, prefix, *args):
        for name, tensor in persistent_tensors(self):
            given = state_dict.get(prefix + name)
            waits = name in self._buffers and not getattr(self, self._mytorch_size)
            if waits and isinstance(given, Tensor) and given.shape != tensor.shape:
                self._buffers[name] = empty_like(given, dtype=tensor.dtype, device=tensor.device)
        super()._load_from_state_dict(state_dict, prefix, *args)


def _lazy(layer, size, dim, **defaults):
    """The lazy form of the class ``layer``: its argument ``size`` is that of dimension ``dim`` of the input.

    ``defaults`` are those of the lazy form that differ from the layer's, as in torch.
    """
    return type(
        f"Lazy{layer.__name__}",
        (_Lazy, layer),
        {
            "__module__": __name__,
            "__doc__": f"A {layer.__name__} whose ``{size}`` is that of the first input. It takes the other "
            f"arguments of {layer.__name__}.",
            "cls_to_become": layer,
            "_mytorch_size": size,
            "_mytorch_dim": dim,
            "_mytorch_defaults": defaults,
        },
    )


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
