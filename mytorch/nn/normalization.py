"""Normalization layers."""

from __future__ import annotations

import warnings

from ..ops.layers.batch_norm import batch_norm, instance_norm
from ..ops.layers.group_norm import group_norm
from ..ops.layers.layer_norm import layer_norm, local_response_norm, rms_norm
from ..tensors.creation import empty, tensor
from ..tensors.creation import ones as ones_tensor
from ..tensors.creation import zeros as zeros_tensor
from . import init
from .module import Module
from .parameter import Parameter
from .registration import Registered


def _parameter(module, name, shape, wanted, device, dtype):
    module.register_parameter(name, Parameter(empty(shape, device=device, dtype=dtype)) if wanted else None)


class _PerChannel(Module):
    """What batch and instance norm share: parameters, running statistics, the description."""

    weight, bias = Registered(), Registered()

    _version = 2

    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=True,
        track_running_stats=True,
        device=None,
        dtype=None,
        *,
        bias=True,
    ):
        super().__init__()
        self.num_features, self.eps, self.momentum, self.affine = num_features, eps, momentum, affine
        self.track_running_stats = track_running_stats
        _parameter(self, "weight", num_features, affine, device, dtype)
        _parameter(self, "bias", num_features, affine and bias, device, dtype)
        self.register_buffer(
            "running_mean",
            zeros_tensor(num_features, device=device, dtype=dtype) if track_running_stats else None,
        )
        self.register_buffer(
            "running_var",
            ones_tensor(num_features, device=device, dtype=dtype) if track_running_stats else None,
        )
        self.register_buffer("num_batches_tracked", tensor(0, device=device) if track_running_stats else None)
        self.reset_parameters()

    def reset_running_stats(self):
        """Mean 0, variance 1, no batches."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self):
        """Initial running statistics, weight 1, bias 0."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, *args):
        key = f"{prefix}num_batches_tracked"
        if (local_metadata.get("version") or 1) < 2 and self.num_batches_tracked is not None:
            # state dicts of version 1 have no count of batches
            state_dict.setdefault(key, self.num_batches_tracked)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)

    def extra_repr(self):
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_PerChannel):
    def forward(self, input):
        """``input`` normalized: in training by its own statistics, which update the running ones, else by
        the running ones.
        """
        self._check_input_dim(input)
        momentum = self._mytorch_momentum()
        by_batch = self.training or (self.running_mean is None and self.running_var is None)
        keep = not self.training or self.track_running_stats
        return batch_norm(
            input,
            self.running_mean if keep else None,
            self.running_var if keep else None,
            self.weight,
            self.bias,
            by_batch,
            momentum,
            self.eps,
        )

    def _mytorch_momentum(self):
        """Count the batch, and return the weight of its statistics."""
        momentum = 0.0 if self.momentum is None else self.momentum
        if self.training and self.track_running_stats and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:  # the cumulative mean
                momentum = 1.0 / float(self.num_batches_tracked)
        return momentum


class BatchNorm1d(_BatchNorm):
    """Normalizes each channel of (N, C) or (N, C, L) over the batch (https://arxiv.org/abs/1502.03167).

    The running statistics are exponential averages, with ``momentum=None`` averages over all batches so far.
    ValueError for other shapes and, in training, for one value per channel.

    Example:
        >>> layer = nn.BatchNorm1d(3)
        >>> layer(mytorch.rand(8, 3)).mean(0).abs().max() < 1e-6
        tensor(True)
    """

    def _check_input_dim(self, input):
        if input.ndim not in (2, 3):
            raise ValueError(f"expected 2D or 3D input (got {input.ndim}D input)")


class BatchNorm2d(_BatchNorm):
    """Normalizes each channel of (N, C, H, W) over batch and space; as :class:`BatchNorm1d`.

    Example:
        >>> nn.BatchNorm2d(3)(mytorch.ones(8, 3, 4, 4)).shape
        mytorch.Size([8, 3, 4, 4])
    """

    def _check_input_dim(self, input):
        if input.ndim != 4:
            raise ValueError(f"expected 4D input (got {input.ndim}D input)")


class BatchNorm3d(_BatchNorm):
    """Normalizes each channel of (N, C, D, H, W) over batch and space; as :class:`BatchNorm1d`.

    Example:
        >>> nn.BatchNorm3d(3)(mytorch.ones(8, 3, 2, 2, 2)).shape
        mytorch.Size([8, 3, 2, 2, 2])
    """

    def _check_input_dim(self, input):
        if input.ndim != 5:
            raise ValueError(f"expected 5D input (got {input.ndim}D input)")


class _InstanceNorm(_PerChannel):
    _mytorch_dimensions: int

    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=False,
        track_running_stats=False,
        device=None,
        dtype=None,
        *,
        bias=True,
    ):
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input):
        """Each channel of each sample normalized by its own statistics, or in eval mode by the running
        ones, if there are any.
        """
        n = self._mytorch_dimensions
        if input.ndim not in (n + 1, n + 2):
            raise ValueError(f"expected {n + 1}D or {n + 2}D input (got {input.ndim}D input)")
        channel = input.ndim - n - 1
        if input.shape[channel] != self.num_features:
            if self.affine:
                raise ValueError(
                    f"expected input's size at dim={channel} to match num_features "
                    f"({self.num_features}), but got: {input.shape[channel]}."
                )
            warnings.warn(
                f"input's size at dim={channel} does not match num_features. You can silence this warning by "
                "not passing in num_features, which is not used because affine=False",
                stacklevel=3,
            )
        by_sample = self.training or not self.track_running_stats
        batch = input if channel else input.unsqueeze(0)
        out = instance_norm(
            batch,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            by_sample,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )
        return out if channel else out.squeeze(0)


class InstanceNorm1d(_InstanceNorm):
    """Normalizes each channel of each sample of (N, C, L) or (C, L). https://arxiv.org/abs/1607.08022

    Example:
        >>> nn.InstanceNorm1d(3)(mytorch.ones(8, 3, 4)).shape
        mytorch.Size([8, 3, 4])
    """

    _mytorch_dimensions = 1


class InstanceNorm2d(_InstanceNorm):
    """Normalizes each channel of each sample of (N, C, H, W) or (C, H, W); as :class:`InstanceNorm1d`.

    Example:
        >>> nn.InstanceNorm2d(3)(mytorch.ones(8, 3, 4, 4)).shape
        mytorch.Size([8, 3, 4, 4])
    """

    _mytorch_dimensions = 2


class InstanceNorm3d(_InstanceNorm):
    """Normalizes each channel of each sample of (N, C, D, H, W); as :class:`InstanceNorm1d`.

    Example:
        >>> nn.InstanceNorm3d(3)(mytorch.ones(8, 3, 2, 2, 2)).shape
        mytorch.Size([8, 3, 2, 2, 2])
    """

    _mytorch_dimensions = 3


class GroupNorm(Module):
    """Normalizes each of ``num_groups`` groups of channels of each sample of (N, C, *S).

    ValueError if the channels do not divide into groups. https://arxiv.org/abs/1803.08494

    Example:
        >>> nn.GroupNorm(num_groups=2, num_channels=6)(mytorch.ones(8, 6, 4)).shape
        mytorch.Size([8, 6, 4])
    """

    weight, bias = Registered(), Registered()

    def __init__(
        self, num_groups, num_channels, eps=1e-5, affine=True, device=None, dtype=None, *, bias=True
    ):
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        _parameter(self, "weight", num_channels, affine, device, dtype)
        _parameter(self, "bias", num_channels, affine and bias, device, dtype)
        self.reset_parameters()

    def reset_parameters(self):
        """Weight 1, bias 0."""
        _reset(self)

    def forward(self, input):
        """``input`` normalized per group."""
        return group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self):
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


def _reset(module):
    if module.weight is not None:
        init.ones_(module.weight)
    if getattr(module, "bias", None) is not None:
        init.zeros_(module.bias)


def _shape(normalized_shape):
    return (normalized_shape,) if hasattr(normalized_shape, "__index__") else tuple(normalized_shape)


class LayerNorm(Module):
    """Normalizes the last dimensions, of ``normalized_shape``, to mean 0 and variance 1, then scales and
    shifts each element.

    RuntimeError for an input that does not end in that shape. https://arxiv.org/abs/1607.06450

    Example:
        >>> nn.LayerNorm(3)(mytorch.tensor([[1.0, 2.0, 3.0]])).detach()
        tensor([[-1.2247,  0.0000,  1.2247]])
    """

    weight, bias = Registered(), Registered()

    def __init__(
        self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, device=None, dtype=None
    ):
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        _parameter(self, "weight", self.normalized_shape, elementwise_affine, device, dtype)
        _parameter(self, "bias", self.normalized_shape, elementwise_affine and bias, device, dtype)
        self.reset_parameters()

    def reset_parameters(self):
        """Weight 1, bias 0."""
        _reset(self)

    def forward(self, input):
        """``input`` normalized."""
        return layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self):
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Divides the last dimensions, of ``normalized_shape``, by their root mean square, then scales each
    element.

    RuntimeError for an input that does not end in that shape. https://arxiv.org/abs/1910.07467

    Args:
        eps (float): what is added to the mean square; None is the dtype's resolution
        elementwise_affine (bool): whether there is a learned ``weight``, one number for each element

    Example:
        >>> nn.RMSNorm(2)(mytorch.tensor([[3.0, 4.0]])).detach()
        tensor([[0.8485, 1.1314]])
    """

    weight, bias = Registered(), Registered()

    def __init__(self, normalized_shape, eps=None, elementwise_affine=True, device=None, dtype=None):
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        _parameter(self, "weight", self.normalized_shape, elementwise_affine, device, dtype)
        self.reset_parameters()

    def reset_parameters(self):
        """Weight 1."""
        _reset(self)

    def forward(self, x):
        """``x`` over its root mean square."""
        return rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self):
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class LocalResponseNorm(Module):
    """Divides (N, C, *S) by (k + alpha · mean of squares of ``size`` neighbouring channels) ** beta.

    https://papers.nips.cc/paper/4824

    Args:
        size (int): how many neighbouring channels count
        alpha (float): the factor of the mean square
        beta (float): the exponent
        k (float): what is added to the mean square

    Example:
        >>> nn.LocalResponseNorm(2)(mytorch.ones(1, 3, 4)).shape
        mytorch.Size([1, 3, 4])
    """

    def __init__(self, size, alpha=1e-4, beta=0.75, k=1.0):
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input):
        """``input`` over the response of its neighbours."""
        return local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self):
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
