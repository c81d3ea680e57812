"""The methods of a tensor that make others like it: ``new_zeros`` and its kin."""

from __future__ import annotations

import warnings

import numpy

from ..core.arrays import device as as_device
from ..core.arrays import device_of, module_for, move
from ..core.dtypes import as_dtype, check_fits
from ..core.graph import Variable, wrap
from ..ops.shape_arguments import sizes
from .from_data import constructed, number, placed, wrapped


class NewMethods:
    """Tensors with the dtype and on the device of this one, unless others are given."""

    array: numpy.ndarray

    def __place(self, dtype, device):
        return as_dtype(self.array.dtype if dtype is None else dtype).numpy, as_device(
            device
        ) if device is not None else device_of(self.array)

    def __new(self, maker, size, dtype, device, requires_grad, *value):
        kind, place = self.__place(dtype, device)
        return wrap(
            move(getattr(module_for(place), maker)(sizes(size), *value, dtype=kind), place)
        ).requires_grad_(requires_grad)

    def new_tensor(self, data, *, dtype=None, device=None, requires_grad=False):
        """A new leaf with a copy of ``data``. Errors as :func:`mytorch.tensor`."""
        if isinstance(data, Variable):
            warnings.warn(
                "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
                "sourceTensor.detach().clone().requires_grad_(True), rather than "
                "tensor.new_tensor(sourceTensor).",
                stacklevel=2,
            )
        kind, place = self.__place(dtype, device)
        return wrap(placed(data, kind, place, copy=True)).requires_grad_(requires_grad)

    def new_zeros(self, *size, dtype=None, device=None, requires_grad=False):
        """Zeros of shape ``size``."""
        return self.__new("zeros", size, dtype, device, requires_grad)

    def new_ones(self, *size, dtype=None, device=None, requires_grad=False):
        """Ones of shape ``size``."""
        return self.__new("ones", size, dtype, device, requires_grad)

    def new_empty(self, *size, dtype=None, device=None, requires_grad=False):
        """Uninitialised memory of shape ``size``."""
        return self.__new("empty", size, dtype, device, requires_grad)

    def new_full(self, size, fill_value, *, dtype=None, device=None, requires_grad=False):
        """``fill_value`` in shape ``size``. RuntimeError if the dtype cannot hold it."""
        kind, value = self.__place(dtype, device)[0], number(fill_value)[0]
        check_fits(value, kind, finite=True)
        return self.__new("full", (size,), dtype, device, requires_grad, wrapped(value, kind))

    def new(self, *data):
        """``new(2, 3)``: uninitialised memory; ``new([1, 2])``: these values. The dtype is that of this
        tensor; TypeError for another tensor's.
        """
        kind, place = self.__place(None, None)
        if len(data) == 1 and isinstance(data[0], Variable) and data[0].array.dtype != kind:
            raise TypeError(f"expected a tensor of dtype {kind}, got {data[0].array.dtype}")
        return wrap(move(constructed(data, kind), place))
