"""Batch normalization over the batches of all ranks."""

from __future__ import annotations

from ..core.dtypes import as_dtype
from ..core.grad_mode import no_grad
from ..core.sums import wide
from ..ops.join import cat
from ..ops.shape import reshape
from ..ops.transcendental import rsqrt
from ..tensors import process_group as world
from .normalization import _BatchNorm


class SyncBatchNorm(_BatchNorm):
    """Normalizes each channel of (N, C, …) over the batches of all ranks of ``process_group`` (all by
    default) and space; without a process group, in eval mode and with one rank as the other batch norms.

    Batches may differ in size. ValueError for inputs with fewer than two dimensions and, in training, for one
    value per channel on all ranks together.

    Args:
        process_group (ProcessGroup): the ranks whose batches count; None means all

    Example:
        >>> nn.SyncBatchNorm(3)(mytorch.ones(8, 3, 4, 4)).shape
        mytorch.Size([8, 3, 4, 4])
    """

    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=True,
        track_running_stats=True,
        process_group=None,
        device=None,
        dtype=None,
        *,
        bias=True,
    ):
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    def _check_input_dim(self, input):
        if input.ndim < 2:
            raise ValueError(f"expected at least 2D input (got {input.ndim}D input)")

    def forward(self, input):
        """``input`` normalized: in training by the statistics of all ranks, which update the running ones."""
        group = self.process_group or world.registered
        if not self.training or group is None or group.size() == 1:
            return super().forward(input)
        self._check_input_dim(input)
        momentum = self._mytorch_momentum()
        shape = (1, -1, *[1] * (input.ndim - 2))
        dims = (0, *range(2, input.ndim))
        x = input.to(as_dtype(wide(input.array.dtype)))
        count = x.new_full((1,), input.numel() // input.shape[1])
        sums = world.sum_over(cat((x.sum(dims), count)), group)
        total = sums[-1].item()
        if total <= 1:
            raise ValueError(
                f"Expected more than 1 value per channel when training, got input size {list(input.shape)} "
                "and no more on other ranks"
            )
        mean = sums[:-1] / total
        centred = x - reshape(mean, shape=shape)
        variance = world.sum_over((centred * centred).sum(dims), group) / total
        _move(self, mean, variance * (total / (total - 1)), momentum)
        out = centred * reshape(rsqrt(variance + self.eps), shape=shape)
        out = out if self.weight is None else out * reshape(self.weight, shape=shape)
        out = out if self.bias is None else out + reshape(self.bias, shape=shape)
        return out.to(input.dtype)

    @classmethod
    def convert_sync_batchnorm(cls, module, process_group=None):
        """``module`` with every batch norm replaced by a SyncBatchNorm with its parameters and statistics."""
        new = module
        if isinstance(module, _BatchNorm):
            new = cls(
                module.num_features,
                module.eps,
                module.momentum,
                module.affine,
                module.track_running_stats,
                process_group,
            )
            new._parameters, new._buffers, new.training = module._parameters, module._buffers, module.training
        for name, child in module.named_children():
            new.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return new


@no_grad()
def _move(layer, mean, variance, momentum):
    """Move the running statistics, if they are kept."""
    if layer.track_running_stats and layer.running_mean is not None:
        for running, now in ((layer.running_mean, mean), (layer.running_var, variance)):
            running.lerp_(now.detach().to(running.dtype), momentum)
