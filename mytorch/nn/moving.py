"""Moving a module to another device or dtype."""

from __future__ import annotations

from ..core.dtypes import as_dtype
from ..core.grad_mode import no_grad
from ..tensors.casting import ShortCasts, destination
from ..tensors.creation import empty_like


class Moving(ShortCasts):
    """The part of Module that changes the device and dtype of its parameters and buffers."""

    def _apply(self, fn, recurse=True):
        """Replace the values of every parameter and buffer by ``fn`` of them.

        Parameters stay the same objects, so optimizers keep working.
        """
        for child in self.children() if recurse else ():
            child._apply(fn)
        with no_grad():
            for parameter in self._parameters.values():
                if parameter is not None:
                    grad = parameter.grad
                    parameter.grad = None
                    parameter.data = fn(parameter.detach())
                    parameter.grad = None if grad is None else fn(grad)
            for name, buffer in self._buffers.items():
                if buffer is not None:
                    self._buffers[name] = fn(buffer)
        return self

    def to(self, *args, dtype=None, device=None, non_blocking=False, memory_format=None):
        """Move all parameters and buffers to a device, cast floating-point ones to a dtype, in place.

        ``args``: ``to(device)``, ``to(dtype)``, both, or ``to(tensor)`` for its device and dtype.
        ``memory_format`` is the order in memory of 4-d or 5-d ones; ``non_blocking`` has no effect. Returns
        itself.
        TypeError for a dtype that is not floating point or complex.
        """
        device, dtype = destination(args, device, dtype)
        if dtype is not None:
            dtype = as_dtype(dtype)
            if not (dtype.is_floating_point or dtype.is_complex):
                raise TypeError(
                    "nn.Module.to only accepts floating point or complex dtypes, "
                    f"but got desired dtype={dtype}"
                )
        return self._apply(
            lambda t: t.to(
                device=device,
                dtype=dtype if t.is_floating_point() or t.is_complex() else None,
                memory_format=memory_format if t.ndim in (4, 5) else None,
            )
        )

    def type(self, dst_type):
        """Cast all parameters and buffers, integers too, to the dtype ``dst_type``; returns itself."""
        return self._apply(lambda t: t.type(dst_type))

    def to_empty(self, *, device, recurse=True):
        """Move to ``device`` without the values: memory there is not initialized. Returns itself.

        ``recurse=False`` leaves out the modules inside.
        """
        return self._apply(lambda t: empty_like(t, device=device), recurse)

    def share_memory(self):
        """Call :meth:`Tensor.share_memory_` of all parameters and buffers; returns itself."""
        return self._apply(lambda t: t.share_memory_())
