"""The devices of loaded tensors: ``map_location``."""

from __future__ import annotations

from ..core.arrays import CPU, cuda_is_available, device, move
from ..core.graph import wrap
from ..tensors.tensor import Tensor


def placer(map_location, name):
    """The function (array in host memory, saved device name) -> array on its device, for the file ``name``.

    map_location: None (the saved device), a device or its name, a dict from saved names to devices, or a
        function (tensor on the CPU, saved name) -> tensor, or None for the saved device.
    """
    if map_location is None:
        return lambda array, saved: _back(array, saved, name)
    if isinstance(map_location, dict):
        return lambda array, saved: _back(array, str(map_location.get(saved, saved)), name)
    if callable(map_location):

        def place(array, saved):
            placed = map_location(wrap(array), saved)
            if placed is not None and not isinstance(placed, Tensor):
                raise TypeError(f"map_location should return a tensor or None, got {type(placed).__name__}")
            return _back(array, saved, name) if placed is None else placed.array

        return place
    where = device(map_location)
    return lambda array, saved: array if where == CPU else move(array, where)


def _back(array, saved, name):
    try:
        where = device(saved)
    except RuntimeError:
        raise RuntimeError(
            f"{name}: a tensor was saved from device {saved!r}, which mytorch does not have: load with "
            "map_location='cpu'"
        ) from None
    if where.type == "cpu":
        return array
    if not cuda_is_available():
        raise RuntimeError(
            f"{name}: Attempting to deserialize object on a CUDA device ({saved!r}), but "
            "mytorch.cuda.is_available() is False. If you are running on a CPU-only machine, use "
            "mytorch.load with map_location=mytorch.device('cpu')."
        )
    return move(array, where)
