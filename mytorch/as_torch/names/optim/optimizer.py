"""What optimizers outside of PyTorch take from ``torch.optim.optimizer`` to write their step."""

from __future__ import annotations

import functools
from collections import defaultdict
from typing import Any, Iterable

from ....core.dtypes import float32
from ....core.grad_mode import set_grad_enabled
from ....core.graph import Variable
from ....optim.optimizer import Optimizer

__all__ = """
    ParamsT _capturable_doc _default_to_fused_or_foreach _differentiable_doc _dispatch_sqrt _foreach_doc
    _fused_doc _get_capturable_supported_devices _get_scalar_dtype _get_value
    _group_tensors_by_device_and_dtype _maximize_doc _params_doc _params_t _stack_if_compiling _to_scalar
    _use_grad_for_differentiable
""".split()

ParamsT = _params_t = Iterable[Any]
_params_doc = _foreach_doc = _fused_doc = _capturable_doc = _differentiable_doc = _maximize_doc = ""


def _use_grad_for_differentiable(function):
    """A decorator of ``step``: nothing is recorded in it unless the option ``differentiable`` is set."""

    @functools.wraps(function)
    def step(self, *args, **kwargs):
        with set_grad_enabled(self.defaults.get("differentiable", False)):
            return function(self, *args, **kwargs)

    return step


def _default_to_fused_or_foreach(params, differentiable, use_fused=False):
    """(fused, foreach): neither, as on a CPU."""
    return False, False


def _get_capturable_supported_devices(supports_xla=True):
    """The devices whose work could be captured: none."""
    return []


def _get_value(x):
    """The number in a tensor of one element, or the number."""
    return x.item() if isinstance(x, Variable) else x


_to_scalar = _get_value


def _stack_if_compiling(x):
    """``x``: nothing is compiled."""
    return x


def _dispatch_sqrt(x):
    """√x of a number or a tensor."""
    return x.sqrt() if isinstance(x, Variable) else x**0.5


def _get_scalar_dtype(is_fused=None):
    """The dtype of the number of steps."""
    return float32


def _group_tensors_by_device_and_dtype(tensorlistlist, with_indices=False):
    """{(device, dtype) of the first list's tensors: (the lists, their places)}."""
    groups = defaultdict(lambda: ([[] for _ in tensorlistlist], []))
    for i, first in enumerate(tensorlistlist[0]):
        lists, places = groups[first.device, first.dtype]
        places.append(i)
        for part, tensors in zip(lists, tensorlistlist):
            part.append(tensors[i] if tensors else None)
    return dict(groups)


setattr(Optimizer, "_group_tensors_by_device_and_dtype", staticmethod(_group_tensors_by_device_and_dtype))
