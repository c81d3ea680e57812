"""Moving a module to another device or dtype."""

from __future__ import annotations

from ..core.dtypes import as_dtype
from ..core.grad_mode import no_grad
from ..core.graph import Variable
from ..tensors.creation import empty_like


class Moving:
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
        ``non_blocking`` and ``memory_format`` have no effect. Returns itself.
        TypeError for a dtype that is not floating point or complex.
        """
        for value in args:
            if isinstance(value, Variable):
                dtype, device = value.dtype, value.device
            elif value is None or isinstance(value, bool):  # non_blocking, without effect
                continue
            elif isinstance(value, (str, int)) or (hasattr(value, "index") and hasattr(value, "type")):
                device = value
            else:
                dtype = value
        if dtype is not None:
            dtype = as_dtype(dtype)
            if not (dtype.is_floating_point or dtype.is_complex):
                raise TypeError(
                    "nn.Module.to only accepts floating point or complex dtypes, "
                    f"but got desired dtype={dtype}"
                )
        return self._apply(
            lambda t: t.to(device=device, dtype=dtype if t.is_floating_point() or t.is_complex() else None)
        )

    def cpu(self):
        """Move everything to host memory; returns itself."""
        return self.to("cpu")

    def cuda(self, device=None):
        """Move everything to the GPU ``device``, the current one by default; returns itself."""
        return self.to("cuda" if device is None else device)

    def type(self, dst_type):
        """Cast all parameters and buffers, integers too, to the dtype ``dst_type``; returns itself."""
        return self._apply(lambda t: t.type(dst_type))

    def float(self):
        """Floating-point parameters and buffers in float32; returns itself."""
        return self.to(dtype="float32")

    def double(self):
        """Floating-point parameters and buffers in float64; returns itself."""
        return self.to(dtype="float64")

    def half(self):
        """Floating-point parameters and buffers in float16; returns itself."""
        return self.to(dtype="float16")

    def bfloat16(self):
        """Floating-point parameters and buffers in bfloat16; returns itself."""
        return self.to(dtype="bfloat16")

    def to_empty(self, *, device, recurse=True):
        """Move to ``device`` without the values: memory there is not initialized. Returns itself.

        ``recurse=False`` leaves out the modules inside.
        """
        return self._apply(lambda t: empty_like(t, device=device), recurse)

    def share_memory(self):
        """Call :meth:`Tensor.share_memory_` of all parameters and buffers; returns itself."""
        return self._apply(lambda t: t.share_memory_())
