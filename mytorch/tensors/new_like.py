"""The methods that make tensors with this tensor's dtype and device: ``new_zeros`` and others."""

from __future__ import annotations

import warnings

import numpy

from ..core.arrays import device as as_device
from ..core.arrays import device_of, module_for, move
from ..core.dtypes import as_dtype
from ..core.graph import Variable, wrap
from ..ops.promotion import check_fits
from ..ops.shape_arguments import sizes
from .from_data import constructed, number, placed, wrapped


class NewMethods:
    """Each makes a tensor with the dtype and device of this one, unless others are given."""

    array: numpy.ndarray

    def __place(self, dtype, device):
        kind = as_dtype(self.array.dtype if dtype is None else dtype).numpy
        return kind, device_of(self.array) if device is None else as_device(device)

    def __new(self, maker, size, dtype, device, requires_grad, options, *value):
        size, (kind, place) = size or (options.pop("size", ()),), self.__place(dtype, device)
        if unknown := options.keys() - {"layout", "pin_memory"}:
            raise TypeError(f"new_{maker}() got an unexpected keyword argument {min(unknown)!r}")
        array = getattr(module_for(place), maker)(sizes(size), *value, dtype=kind)
        return wrap(move(array, place)).requires_grad_(requires_grad)

    def new_tensor(self, data, *, dtype=None, device=None, requires_grad=False):
        """Make a new leaf tensor with a copy of ``data``. Errors as :func:`mytorch.tensor`."""
        if isinstance(data, Variable):
            warnings.warn(
                "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
                "sourceTensor.detach().clone().requires_grad_(True), rather than "
                "tensor.new_tensor(sourceTensor).",
                stacklevel=2,
            )
        kind, place = self.__place(dtype, device)
        return wrap(placed(data, kind, place, copy=True)).requires_grad_(requires_grad)

    def new_zeros(self, *size, dtype=None, device=None, requires_grad=False, **options):
        """Zeros of shape ``size``, with this dtype and device unless others are given."""
        return self.__new("zeros", size, dtype, device, requires_grad, options)

    def new_ones(self, *size, dtype=None, device=None, requires_grad=False, **options):
        """Ones of shape ``size``, with this dtype and device unless others are given."""
        return self.__new("ones", size, dtype, device, requires_grad, options)

    def new_empty(self, *size, dtype=None, device=None, requires_grad=False, **options):
        """Uninitialised memory of shape ``size``, with this dtype and device unless others are given."""
        return self.__new("empty", size, dtype, device, requires_grad, options)

    def new_empty_strided(self, size, stride, *, dtype=None, device=None, requires_grad=False, **options):
        """Uninitialised memory of shape ``size`` with these strides, in elements."""
        count = 0 if 0 in size else 1 + sum((n - 1) * step for n, step in zip(size, stride))
        block = self.new_empty(count, dtype=dtype, device=device, **options)
        return block.as_strided(size, stride).detach().requires_grad_(requires_grad)

    def new_full(self, size, fill_value, *, dtype=None, device=None, requires_grad=False, **options):
        """A tensor of shape ``size`` filled with ``fill_value``; RuntimeError if the dtype cannot hold it."""
        kind, value = self.__place(dtype, device)[0], number(fill_value)[0]
        check_fits(value, kind, finite=True)
        return self.__new("full", (size,), dtype, device, requires_grad, options, wrapped(value, kind))

    def new(self, *data):
        """Uninitialised memory for ``new(2, 3)``, the values for ``new([1, 2])``, in this tensor's dtype.

        TypeError for a tensor of another dtype.
        """
        kind, place = self.__place(None, None)
        if len(data) == 1 and isinstance(data[0], Variable) and data[0].array.dtype != kind:
            raise TypeError(f"expected a tensor of dtype {kind}, got {data[0].array.dtype}")
        return wrap(move(constructed(data, kind), place))
