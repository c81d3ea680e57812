# Names only: there is nothing to read here.
"""``torch.types``: names for annotations."""

from __future__ import annotations

import builtins
import os
from collections.abc import Sequence
from typing import IO, Union

from .core.arrays import device
from .core.dtypes import dtype
from .ops.memory_format import layout
from .tensors.tensor import Size
from .tensors.tensor import Tensor as Tensor

_device, _dtype, _layout = device, dtype, layout
_int, _float, _bool, _complex = builtins.int, builtins.float, builtins.bool, builtins.complex
_str, _bytes = builtins.str, builtins.bytes
_size = Union[Size, list[int], tuple[int, ...]]
_TensorOrTensors = Union[Tensor, Sequence[Tensor]]
_Number, Number = (int, float, bool), Union[int, float, bool]
Device = Union[device, str, int, None]
FileLike = Union[str, os.PathLike, IO[bytes]]
