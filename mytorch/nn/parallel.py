# Names only: there is nothing to read here.
"""torch's wrappers that spread a model over GPUs and processes. Here it stays where it is.

The state_dict has torch's keys.
"""

from __future__ import annotations

import importlib

from ..tensors.public_names import documented, lookup
from .module import Module

__all__ = ["DataParallel", "DistributedDataParallel", "data_parallel"]  # noqa: F822, see __getattr__


class DataParallel(Module):
    """Calls ``module`` on the whole batch, on the device where it is, as torch does with one GPU or none.

    Args:
        module (Module): the module to call
        device_ids (list of int): accepted without effect
        output_device (int): accepted without effect
        dim (int): accepted without effect

    Example:
        >>> nn.DataParallel(nn.Linear(2, 3))(mytorch.ones(4, 2)).shape
        mytorch.Size([4, 3])
    """

    def __init__(self, module, device_ids=None, output_device=None, dim=0):
        super().__init__()
        self.module, self.device_ids = module, list(device_ids or ())
        self.output_device, self.dim = output_device, dim

    def forward(self, *inputs, **kwargs):
        """What ``module`` returns."""
        return self.module(*inputs, **kwargs)


def data_parallel(module, inputs, device_ids=None, output_device=None, dim=0, module_kwargs=None):
    """``module(*inputs)``, on the device where it is."""
    return module(*(inputs if isinstance(inputs, tuple) else (inputs,)), **(module_kwargs or {}))


def __getattr__(name):
    """DistributedDataParallel, which is written in ``mytorch.distributed``, above this floor."""
    if name == "DistributedDataParallel":
        home = importlib.import_module("mytorch.distributed.data_parallel")
        return documented(home.DistributedDataParallel)
    return _other(name)


_other = lookup(__name__)
