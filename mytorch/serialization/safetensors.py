"""State dicts as safetensors files, bit for bit as ``safetensors.torch`` reads and writes them."""

from __future__ import annotations

import importlib
import os

import numpy

from ..core.arrays import CPU, move
from ..core.graph import wrap
from ..tensors.tensor import Tensor
from .archive import blame, writing
from .location import placer


def _package(name):
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise RuntimeError(
            "safetensors files need the package safetensors: pip install 'mytorch[safetensors]'"
        ) from error


def save_safetensors(tensors, f, metadata=None) -> None:
    """Write a flat dict from names to tensors (a ``state_dict()``) to the path or file object ``f``.

    The format has no shared memory: a tensor under two names (tied weights) is written twice. ``metadata`` is
    a dict of strings. TypeError if a value is not a tensor.
    """
    arrays = {}
    for name, value in tensors.items():
        if not isinstance(value, Tensor):
            raise TypeError(
                f"safetensors files hold tensors only, got {type(value).__name__} under {name!r}; "
                "mytorch.save takes any checkpoint"
            )
        arrays[name] = numpy.ascontiguousarray(move(value.detach().array, CPU)).reshape(value.shape)
    content = _package("safetensors.numpy").save(arrays, metadata)
    with writing(f) as file:
        file.write(content)


def load_safetensors(f, map_location="cpu"):
    """The dict from names to tensors in a safetensors file, a path or a file object.

    ``map_location`` as in :func:`mytorch.load`. RuntimeError if the file is damaged.
    """
    package = _package("safetensors.numpy")
    if hasattr(f, "read"):
        content, name = f.read(), str(getattr(f, "name", "the file object"))
    else:
        with open(f, "rb") as file:
            content, name = file.read(), os.fsdecode(f)
    place = placer(map_location, name)
    with blame(name):
        arrays = package.load(content)
    return {key: wrap(place(array.copy(), "cpu")) for key, array in arrays.items()}
