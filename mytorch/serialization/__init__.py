"""Saving and loading: ``save``, ``load``, and the way to and from PyTorch's files and safetensors.

``save`` writes a zip file of uncompressed members, which is also a NumPy ``.npz`` file (``numpy.load(path)``
shows its arrays):

``manifest.json``
    ``{"format": "mytorch", "version": 1, "object": …, "tensors": […], "arrays": […]}``. The object is JSON;
    what JSON lacks is an
    object with one tag: ``{"dict": [[key, value], …]}``, ``OrderedDict``, ``Counter``; ``{"tuple": […]}``,
    ``set``, ``frozenset``, ``Size``; ``{"int": "0x…"}`` (from 2**53), ``{"float": "7ff8…"}`` (nan, inf:
    big-endian bits), ``complex``; ``{"bytes": base64}``, ``bytearray``; ``dtype``, ``device``,
    ``numpy.dtype``; ``{"tensor": i}`` into ``tensors``, ``{"ndarray": i}`` and ``{"scalar": i}`` into
    ``arrays``. A tensor is ``{"kind": "Tensor" | "Parameter", "device", "requires_grad", "array": i}``; an
    array is ``{"dtype", "member": n}``, or, where several overlap in memory, a window ``{"dtype", "member":
    n, "shape", "strides", "offset"}`` (in bytes) on a block of bytes.
``0.npy``, ``1.npy``, …
    The arrays, in NumPy's format (bfloat16 as uint16). Tensors that shared memory share it again after
    loading.
``object.pickle``
    Only if the object holds what JSON cannot say, such as a whole module: then the manifest has ``"pickled":
    reason`` instead of an object, and ``load`` refuses the file unless ``weights_only=False``.

Every member has a CRC-32, compared on reading. Nothing in the file is ever executed, and no more memory or
time is taken than the file's length explains.
"""

from __future__ import annotations

import io
import os
import pickle
import zipfile

from ..core.public_names import lookup as _lookup
from ..core.public_names import publish as _publish
from ..tensors.tensor import Tensor
from . import allowed, checkpoint, torch_reader
from .allowed import add_safe_globals, clear_safe_globals, get_safe_globals, safe_globals
from .archive import Archive, blame, reading, writing
from .location import placer
from .safetensors import load_safetensors, save_safetensors

__all__ = [
    "add_safe_globals",
    "clear_safe_globals",
    "get_safe_globals",
    "load",
    "load_safetensors",
    "safe_globals",
    "save",
    "save_safetensors",
]


def save(obj, f) -> None:
    """Write ``obj`` to ``f``, a path or a binary file object.

    Tensors, parameters, NumPy arrays, numbers, strings, bytes, None, dtypes, devices, and dicts, lists,
    tuples and sets of them go into the safe format above. Anything else (a whole module) is pickled beside
    them, as torch does; such a file needs ``load(f, weights_only=False)``. A path is replaced only when the
    new file is complete. RuntimeError if its folder does not exist, ValueError for containers nested deeper
    than 100.
    """
    encoder = checkpoint.Encoder()
    try:
        value, reason = encoder(obj), None
    except checkpoint.NotPlain as error:
        encoder, value, reason = checkpoint.Encoder(), None, str(error)
    with writing(f) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        if reason is not None:
            with archive.open(checkpoint.PICKLE, "w", force_zip64=True) as member:
                _Pickler(member, encoder).dump(obj)
        checkpoint.write_members(archive, encoder, value, reason)


def load(f, map_location=None, weights_only=True):
    """The object in ``f``, a path or a binary file object: one that :func:`save` wrote, or a state_dict in a
    PyTorch ``.pt``/``.pth`` file.

    map_location: where tensors go: None (back to the device they were on), a device or its name, a dict from
        saved device names to others, or a function (tensor on the CPU, saved name) -> tensor or None.
    weights_only: of pickled objects, restore only those that consist of the classes and functions given to
        :func:`add_safe_globals`, and
        refuse a file with others; attributes and items are set only of objects that the file itself makes.
        With False everything is unpickled, which runs any code that the file asks for.

    RuntimeError, naming the file, if it is damaged, not a checkpoint, or holds pickled objects although
    ``weights_only`` is True.
    """
    with reading(f) as (file, name):
        place = placer(map_location, name)
        _look_at(file, name)
        with blame(name):
            archive = Archive(file)
        if checkpoint.MANIFEST not in archive:
            return torch_reader.load(archive, name, place)
        with blame(name):
            manifest = checkpoint.read_manifest(archive)
            arrays = checkpoint.read_arrays(archive, manifest)
            checkpoint.check_tensors(manifest, arrays)
        if "pickled" in manifest and weights_only and not allowed.get_safe_globals():
            raise RuntimeError(
                f"{name} holds {manifest['pickled']!s:.200}, which only pickle can restore, and a "
                "pickle can run any code. If you trust its "
                "source, use load(f, weights_only=False). Better save and load the state_dict: "
                "mytorch.save(model.state_dict(), f), then "
                "model = Net(); model.load_state_dict(mytorch.load(f))"
            )
        tensors = checkpoint.make_tensors(manifest, arrays, place)
        if "pickled" in manifest:
            with blame(name):
                content = archive.read(checkpoint.PICKLE)
            with blame(name, "its pickled object cannot be restored"):
                if weights_only:
                    return allowed.Restorer(content, archive.spend, tensors).run()
                return allowed.AnyUnpickler(io.BytesIO(content), tensors).load()
        with blame(name):
            return checkpoint.Decoder(tensors, arrays, archive.spend)(manifest["object"])


def _look_at(file, name):
    """Refuse by its first bytes what is not a zip file."""
    start = file.tell()
    head = file.read(16)
    file.seek(start)
    if head[:4] == b"PK\x03\x04":
        return
    if not head:
        at_end = start > 0 or file.seek(0, os.SEEK_END) > 0
        raise RuntimeError(
            f"{name}: the file object is at its end; call f.seek(0) before load"
            if at_end
            else f"{name}: the file is empty"
        )
    if head[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        raise RuntimeError(
            f"{name} is a pickle or a file of PyTorch before 1.6, which could run any code; save it "
            "anew with a current PyTorch: "
            "torch.save(torch.load(f), f)"
        )
    if head[8:9] == b"{":
        raise RuntimeError(
            f"{name} looks like a safetensors file: use mytorch.serialization.load_safetensors"
        )
    raise RuntimeError(
        f"{name} is not a mytorch or PyTorch checkpoint, or it was damaged: it does not begin like a zip file"
    )


class _Pickler(pickle.Pickler):
    """Pickles everything but plain tensors, which go to the safe part of the file."""

    def __init__(self, file, encoder):
        super().__init__(file, protocol=4)
        self.encoder = encoder

    def persistent_id(self, value):
        if isinstance(value, Tensor) and checkpoint.kind_of(value) and not any(value._mytorch_extras()):
            return self.encoder.tensor(value)
        return None


_publish(__name__)
__getattr__ = _lookup(__name__)
