"""Saving and loading: ``save``, ``load``, PyTorch's files and safetensors.

**What a file may do.** A file that is loaded cannot run code, import modules, change objects that it has not
made, or take more memory or time than its length explains. There are two exceptions: classes and functions
that the user has given to ``add_safe_globals`` are called, and ``load(f, weights_only=False)`` unpickles
anything. Each check is in one file:

``archive.py``
    The zip file: members are uncompressed and no larger than the file, checksums (CRC-32) are right, and
    ``spend`` counts the memory and work that the content asks for against a budget. Writes files whole or not
    at all.
``checkpoint.py``
    The manifest: every entry has the type that the format says, every array lies inside its member.
``opcodes.py``
    Pickles: an interpreter that imports nothing, calls nothing and fills only containers of its own.
``torch_reader.py``, ``legacy_reader.py``
    PyTorch's files, and those before 1.6: which names such an interpreter needs for a state_dict; all others
    are refused.
``allowed.py``
    Pickled objects: the classes and functions of ``add_safe_globals``; all others are refused.
``download.py``
    Files from the web: complete, with the right checksum and not too large.

``array_table.py`` finds the saved arrays that share memory, ``location.py`` chooses the devices of loaded
tensors, ``safetensors.py`` reads and writes safetensors files, ``torch_writer.py`` writes PyTorch's.

**The format.** Except under names that end with ``.pt`` or ``.pth``, ``save`` writes a zip file of
uncompressed members, which is also a NumPy ``.npz`` file (``numpy.load(path)`` shows its arrays):

``manifest.json``
    ``{"format": "mytorch", "version": 1, "object": …, "tensors": […], "arrays": […]}``. The object is JSON.
    What JSON lacks is an object with one tag: ``{"dict": [[key, value], …]}``, ``OrderedDict``, ``Counter``;
    ``{"tuple": […]}``, ``set``, ``frozenset``, ``Size``; ``{"int": "0x…"}`` (from 2**53), ``{"float":
    "7ff8…"}`` (nan, inf: big-endian bits), ``complex``; ``{"bytes": base64}``, ``bytearray``; ``dtype``,
    ``device``, ``numpy.dtype``; ``{"tensor": i}`` into ``tensors``, ``{"ndarray": i}`` and ``{"scalar": i}``
    into ``arrays``. A tensor is ``{"kind": "Tensor" | "Parameter" | "Buffer", "device", "requires_grad",
    "array": i}``. An array is ``{"dtype", "member": n}`` or, if arrays overlap in memory, a window
    ``{"dtype", "member": n, "shape", "strides", "offset"}`` (in bytes) on a block of bytes.
``0.npy``, ``1.npy``, …
    The arrays in NumPy's format (bfloat16 as uint16). Tensors that shared memory share it after loading.
``object.pickle``
    Only if the object holds what JSON cannot say, such as a whole module. The manifest then has ``"pickled":
    reason`` instead of an object.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import zipfile

from ..tensors.public_names import lookup as _lookup
from ..tensors.public_names import publish as _publish
from ..tensors.tensor import Tensor
from . import allowed, checkpoint, legacy_reader, torch_reader, torch_writer
from .allowed import add_safe_globals, clear_safe_globals, get_safe_globals, safe_globals
from .archive import Archive, blame, reading, writing
from .location import placer
from .safetensors import load_safetensors, save_safetensors
from .torch_writer import save_torch

__all__ = [
    "add_safe_globals",
    "clear_safe_globals",
    "get_safe_globals",
    "load",
    "load_safetensors",
    "safe_globals",
    "save",
    "save_safetensors",
    "save_torch",
]


def save(
    obj,
    f,
    pickle_module=pickle,
    pickle_protocol=2,
    _use_new_zipfile_serialization=True,
    _disable_byteorder_record=False,
) -> None:
    """Write ``obj`` to ``f``, a path or a binary file object.

    The name decides the format: files named ``.pt`` and ``.pth`` are PyTorch's, as :func:`save_torch` writes
    them, if they can hold ``obj``. All others, and file objects without a name, have mytorch's own:

    Tensors, parameters, NumPy arrays, numbers, strings, bytes, None, dtypes, devices, and dicts, lists,
    tuples and sets of them go into the safe format above. An object with anything else, such as a whole
    module, is pickled as in torch; its file needs ``load(f, weights_only=False)``. An existing file is
    replaced only when the new one is complete. RuntimeError if the folder does not exist, ValueError for
    containers nested deeper than 100. NotImplementedError for PyTorch's options that would ask for another
    format; ``pickle_protocol`` is accepted without effect. TypeError if that is no integer.
    """
    _only_pickle("save", pickle_module)
    if not isinstance(pickle_protocol, int):
        raise TypeError(f"save: pickle_protocol must be int, not {type(pickle_protocol).__name__}")
    if not _use_new_zipfile_serialization or _disable_byteorder_record:
        raise NotImplementedError(
            "save: files are zip files that record the byte order, as PyTorch's since 1.6"
        )
    if _name_of(f).endswith(torch_writer.ENDINGS):
        with contextlib.suppress(checkpoint.NotPlain):
            torch_writer.write(obj, f)
            return
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


def _only_pickle(name, module):
    """NotImplementedError for the pickle module of another package."""
    if module not in (None, pickle):
        raise NotImplementedError(f"{name}: objects are pickled by Python's pickle, not by {module!r}")


def _name_of(f):
    return os.fsdecode(f) if isinstance(f, (str, bytes, os.PathLike)) else str(getattr(f, "name", ""))


def load(f, map_location=None, pickle_module=None, *, weights_only=True, mmap=None, encoding="utf-8"):
    """Read the object in ``f``, a path or a binary file object.

    The file is one that :func:`save` wrote, or one of PyTorch, of any version, with a state_dict. The content
    decides, not the name. ``mmap`` and ``encoding`` are accepted without effect: a file is read whole, and
    its texts are UTF-8.

    RuntimeError, naming the file, if it is damaged, is no checkpoint, or holds a pickled object that is not
    allowed. ValueError if ``mmap`` is asked for and ``f`` is no path.
    """
    _only_pickle("load", pickle_module)
    if mmap and not isinstance(f, (str, os.PathLike)):
        raise ValueError("f must be a file path in order to use the mmap argument")
    weights_only = weights_only is None or weights_only
    with reading(f) as (file, name):
        place = placer(map_location, name)
        if _is_legacy(file, name):
            return legacy_reader.load(file, name, place)
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
                f"{name} holds {manifest['pickled']!s:.200}, which only pickle can restore, and a pickle can "
                "run any code. If you trust its source, use load(f, weights_only=False). Better save and "
                "load the state_dict: mytorch.save(model.state_dict(), f), then model = Net(); "
                "model.load_state_dict(mytorch.load(f))"
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


def _is_legacy(file, name):
    """Whether the file is one of PyTorch before 1.6, which is no zip file.

    RuntimeError for other files that are not zip files; the message says what they look like.
    """
    start = file.tell()
    head = file.read(32)
    file.seek(start)
    if head[:4] == b"PK\x03\x04":
        return False
    if head[:1] == b"\x80" and legacy_reader.START in head:
        return True
    if not head:
        if start > 0 or file.seek(0, os.SEEK_END) > 0:
            raise RuntimeError(f"{name}: the file object is at its end; call f.seek(0) before load")
        raise RuntimeError(f"{name}: the file is empty")
    if head[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        raise RuntimeError(
            f"{name} is a pickle, which could run any code, and no checkpoint; save it anew with "
            "mytorch.save or torch.save"
        )
    if head[8:9] == b"{":
        raise RuntimeError(
            f"{name} looks like a safetensors file: use mytorch.serialization.load_safetensors"
        )
    raise RuntimeError(
        f"{name} is not a mytorch or PyTorch checkpoint, or it was damaged: it does not begin like one"
    )


class _Pickler(pickle.Pickler):
    """Pickles an object, except plain tensors, which go to the safe part of the file."""

    def __init__(self, file, encoder):
        super().__init__(file, protocol=4)
        self.encoder = encoder

    def persistent_id(self, value):
        if isinstance(value, Tensor) and checkpoint.kind_of(value) and not any(value._mytorch_extras()):
            return self.encoder.tensor(value)
        return None


_publish(__name__)
__getattr__ = _lookup(__name__)
