"""The safe format: containers, numbers and tensors in a JSON manifest, and one ``.npy`` member per array."""

from __future__ import annotations

import base64
import importlib
import json
import math
import struct
from collections import Counter, OrderedDict

import numpy

from ..core.arrays import device, ndarray
from ..core.dtypes import as_dtype, by_numpy, dtype
from ..core.graph import wrap
from ..tensors.tensor import Size, Tensor
from .archive import expect
from .array_table import ArrayTable
from .opcodes import LIST, OBJECT, Hashes

FORMAT, VERSION, MANIFEST, PICKLE, MAX_DEPTH = "mytorch", 1, "manifest.json", "object.pickle", 100
PARAMETERS = "mytorch.nn.parameter"
SEQUENCES = {"tuple": tuple, "set": set, "frozenset": frozenset, "Size": Size}
MAPPINGS = {"dict": dict, "OrderedDict": OrderedDict, "Counter": Counter}
_sequence_names = {kind: name for name, kind in SEQUENCES.items()}
_mapping_names = {kind: name for name, kind in MAPPINGS.items()}


def kind_of(value):
    """The name in the file of a tensor's class; None for a class that only pickle can restore."""
    cls = type(value)
    if cls is Tensor:
        return "Tensor"
    is_parameter = cls.__module__ == PARAMETERS and cls.__name__ in ("Parameter", "Buffer")
    return cls.__name__ if is_parameter else None


def tensor_class(kind):
    """The class of a name in the file; Parameter is imported only when a file has one."""
    expect(kind in ("Tensor", "Parameter", "Buffer"), f"a tensor of unknown kind {kind!r}")
    return Tensor if kind == "Tensor" else getattr(importlib.import_module(PARAMETERS), kind)


class NotPlain(TypeError):
    """Raised for a value that only pickle can save; the message says where it is in the object."""

    def __init__(self, value, problem=None):
        self.path, self.problem = [], problem or f"a {type(value).__module__}.{type(value).__qualname__}"

    def __str__(self):
        return f"{self.problem} at object{''.join(reversed(self.path))}"


# ---- encoding ------------------------------------------------------------------------------------


class Encoder:
    """Turns an object into JSON values, and collects its tensors and arrays in tables."""

    def __init__(self):
        self.arrays, self.tensors = ArrayTable(), []
        self._seen = {}

    def __call__(self, value, depth=0):
        """JSON for ``value``: itself, a list, or an object {tag: content}; NotPlain if there is none."""
        kind = type(value)
        if value is None or kind is bool or kind is str:
            return value
        if kind is int:
            return value if abs(value) < 2**53 else {"int": hex(value)}
        if kind is float:
            return value if math.isfinite(value) else {"float": struct.pack(">d", value).hex()}
        if depth > MAX_DEPTH:
            raise ValueError(
                f"cannot save containers nested more than {MAX_DEPTH} deep (or one that contains itself)"
            )
        if kind is list:
            return self._items(value, depth)
        if kind in _sequence_names:
            return {_sequence_names[kind]: self._items(value, depth)}
        if kind in _mapping_names:
            return {
                _mapping_names[kind]: [
                    [self(k, depth + 1), self._item(v, k, depth)] for k, v in value.items()
                ]
            }
        if isinstance(value, Tensor) and kind_of(value):
            return {"tensor": self.tensor(value)}
        if kind is ndarray or isinstance(value, numpy.generic):
            array = numpy.asarray(value)
            known = array.dtype in by_numpy or array.dtype.kind in "biufcSUmM"
            if not known or not array.dtype.itemsize:
                raise NotPlain(value, f"a NumPy array of dtype {array.dtype}")
            return {"ndarray" if kind is ndarray else "scalar": self._array(array)}
        if kind is complex:
            return {"complex": struct.pack(">dd", value.real, value.imag).hex()}
        if kind is bytes or kind is bytearray:
            return {kind.__name__: base64.b64encode(value).decode()}
        if kind is dtype:
            return {"dtype": value.name}
        if kind is device:
            return {"device": str(value)}
        if isinstance(value, numpy.dtype) and value.names is None and value.kind in "biufcSUmM":
            return {"numpy.dtype": value.str}
        raise NotPlain(value)

    def _item(self, value, key, depth):
        try:
            return self(value, depth + 1)
        except NotPlain as error:
            error.path.append(f"[{key!r}]")
            raise

    def _items(self, values, depth):
        return [self._item(value, i, depth) for i, value in enumerate(values)]

    def tensor(self, value):
        """The index of a tensor in the table; the same tensor has one index."""
        if id(value) not in self._seen:
            self._seen[id(value)] = len(self.tensors), value  # the reference keeps the id in use
            array = value.detach().array
            entry = {
                "kind": kind_of(value),
                "device": str(value.device),
                "requires_grad": value.requires_grad,
            }
            self.tensors.append({**entry, "array": self._array(array)})
        return self._seen[id(value)][0]

    def _array(self, array):
        return self.arrays.add(array)


def write_members(archive, encoder, value, pickled=None):
    """Write the manifest and all arrays as members of a zip file."""
    arrays, places = encoder.arrays.settle()
    content = {"object": value} if pickled is None else {"pickled": pickled}
    manifest = {"format": FORMAT, "version": VERSION, **content, "tensors": encoder.tensors, "arrays": places}
    archive.writestr(MANIFEST, json.dumps(manifest, allow_nan=False))
    for i, array in enumerate(arrays):
        with archive.open(f"{i}.npy", "w", force_zip64=True) as member:
            numpy.lib.format.write_array(member, array, allow_pickle=False)


# ---- decoding ------------------------------------------------------------------------------------


def read_manifest(archive):
    """The manifest as a dict with the tables and the object that the format requires."""
    text = archive.read(MANIFEST)
    archive.spend(2 * LIST * (text.count(b"[") + text.count(b"{")))  # once as JSON, once decoded
    manifest = json.loads(text, parse_constant=lambda name: expect(False, f"{name} in the manifest"))
    expect(
        isinstance(manifest, dict) and manifest.get("format") == FORMAT, "the manifest is not one of mytorch"
    )
    expect(
        manifest.get("version") == VERSION,
        f"format version {manifest.get('version')!r}; this mytorch reads version {VERSION}",
    )
    expect(
        all(isinstance(manifest.get(table), list) for table in ("tensors", "arrays")),
        "the manifest's tables are missing",
    )
    expect(("object" in manifest) != ("pickled" in manifest), "the manifest has no object")
    return manifest


def read_arrays(archive, manifest):
    """All arrays of the manifest, in host memory; arrays that shared memory share it again."""
    stored, blocks = {}, {}
    return [_place_array(archive, stored, blocks, entry) for entry in manifest["arrays"]]


def _place_array(archive, stored, blocks, entry):
    expect(isinstance(entry, dict) and isinstance(entry.get("dtype"), str), "an array's entry is malformed")
    archive.spend(OBJECT)
    member = f"{entry.get('member')}.npy"
    if member not in stored:
        stored[member] = _read_npy(archive, member)
    array, kind = stored[member], numpy_dtype(entry["dtype"])
    if "strides" not in entry:
        expect(
            array.dtype == kind or array.dtype == f"<u{kind.itemsize}",
            f"member {member} has dtype {array.dtype}, not {kind}",
        )
        return array.view(kind)
    expect(array.dtype == numpy.uint8 and array.ndim == 1, f"member {member} is not a block of bytes")
    if member not in blocks:
        blocks[member] = ByteBlock(array, archive.spend)
    return blocks[member].window(kind, entry.get("shape"), entry["strides"], entry.get("offset"))


def numpy_dtype(name):
    """The NumPy dtype of a name in the manifest; ValueError for one that holds Python objects."""
    kind = by_numpy_name(name)
    expect(
        kind.itemsize and not kind.hasobject and kind.names is None and kind.subdtype is None,
        f"dtype {name!r} cannot be in a checkpoint",
    )
    return kind


def by_numpy_name(name):
    """The dtype of ``<f4``, ``|S3`` or ``bfloat16``, which is not NumPy's own."""
    return as_dtype(name).numpy if name == "bfloat16" else numpy.dtype(name)


class ByteBlock:
    """A block of bytes in a file, on which arrays are windows."""

    def __init__(self, content, spend):
        self.content, self.size, self.spend = content, content.size, spend
        self._truths = None  # whether all bytes are 0 or 1; computed once

    def window(self, kind, shape, strides, offset):
        """An array with these sizes, strides and offset in bytes; no byte is copied.

        ValueError unless every element lies inside.
        """
        integers = _are_integers(shape) and _are_integers(strides) and type(offset) is int
        fits = integers and len(shape) == len(strides) <= 32 and all(n >= 0 for n in shape)
        expect(fits, "a tensor's shape or strides are malformed")
        if 0 in shape:
            return numpy.empty(shape, kind)
        low = offset + sum((n - 1) * s for n, s in zip(shape, strides) if s < 0)
        high = offset + sum((n - 1) * s for n, s in zip(shape, strides) if s > 0) + kind.itemsize
        if low < 0 or high > self.size:
            raise ValueError(f"a tensor of shape {tuple(shape)} reaches beyond its {self.size} bytes")
        array = numpy.ndarray(tuple(shape), kind, self.content, offset, tuple(strides))
        if kind.kind == "b" and not self._all_truths():
            self._check_truths(array, low, high)
        return array

    def _all_truths(self):
        if self._truths is None:
            self._truths = bool(self.content.max(initial=0) <= 1)
        return self._truths

    def _check_truths(self, array, low, high):
        """:func:`truthful` for a window of the bytes from ``low`` to ``high``, some of which may repeat."""
        few = array[tuple(slice(None if s else 1) for s in array.strides)]  # without repeated rows
        self.spend(high - low)
        truthful(few if few.size <= high - low else self.content[low:high].view(bool))


def _are_integers(values):
    return isinstance(values, (list, tuple)) and all(type(n) is int for n in values)


def truthful(array):
    """``array``; ValueError for booleans whose bytes are not 0 or 1, which NumPy does not expect."""
    expect(
        array.dtype != bool or not array.size or array.view(numpy.uint8).max() <= 1,
        "a boolean that is neither true nor false",
    )
    return array


def _read_npy(archive, name):
    size = archive.size(name)
    with archive.open(name) as member:
        expect(
            numpy.lib.format.read_magic(member) == (1, 0), f"member {name} is not a .npy file of version 1.0"
        )
        shape, fortran, kind = numpy.lib.format.read_array_header_1_0(member)
        expect(kind.itemsize and not kind.hasobject, f"member {name} has dtype {kind}")
        expect(
            math.prod(shape) * kind.itemsize == size - member.tell(),
            f"member {name} says shape {shape}, which does not fit its {size} bytes",
        )
        array = numpy.empty(shape[::-1] if fortran else shape, kind)
        archive.fill(member, array.reshape(-1).view(numpy.uint8))
    return truthful(array.T if fortran else array)


def make_tensors(manifest, arrays, place):
    """The tensors of the manifest, each on the device that ``place`` chooses."""
    tensors, placed = [], {}
    for entry in manifest["tensors"]:
        index, saved, kind = entry["array"], entry["device"], entry["kind"]
        if (index, saved) not in placed:
            placed[index, saved] = place(arrays[index], saved)
        tensors.append(
            wrap(placed[index, saved], cls=tensor_class(kind)).requires_grad_(entry["requires_grad"])
        )
    return tensors


def check_tensors(manifest, arrays):
    """ValueError unless every entry of the tensor table is complete and of the right types."""
    for entry in manifest["tensors"]:
        expect(
            isinstance(entry, dict) and isinstance(entry.get("device"), str), "a tensor's entry is malformed"
        )
        tensor_class(entry.get("kind"))
        index = entry.get("array")
        expect(type(index) is int and 0 <= index < len(arrays), "a tensor's array is not there")
        expect(arrays[index].dtype in by_numpy, f"a tensor of dtype {arrays[index].dtype}")
        floating = arrays[index].dtype.kind in "fcV"
        expect(
            type(entry.get("requires_grad")) is bool and (floating or not entry["requires_grad"]),
            "a tensor's requires_grad is malformed",
        )


class Decoder:
    """Turns JSON values back into an object."""

    def __init__(self, tensors, arrays, spend):
        self.tensors, self.arrays = tensors, arrays
        self.hashes = Hashes(spend)

    def __call__(self, value, depth=0):
        expect(depth <= MAX_DEPTH + 2, "it is nested too deep")
        if isinstance(value, list):
            return [self(v, depth + 1) for v in value]
        if not isinstance(value, dict):
            return value
        expect(len(value) == 1, "an object of the manifest should have one tag")
        ((tag, content),) = value.items()
        if tag in SEQUENCES:
            expect(isinstance(content, list), f"{tag} without items")
            items = [self(v, depth + 1) for v in content]
            return SEQUENCES[tag](items if tag in ("tuple", "Size") else self._keys(items))
        if tag in MAPPINGS:
            expect(
                isinstance(content, list)
                and all(isinstance(pair, list) and len(pair) == 2 for pair in content),
                f"{tag} without items",
            )
            keys = self._keys([self(k, depth + 1) for k, _ in content])
            return MAPPINGS[tag](dict(zip(keys, [self(v, depth + 1) for _, v in content])))
        if tag in ("tensor", "ndarray", "scalar"):
            table = self.tensors if tag == "tensor" else self.arrays
            expect(type(content) is int and 0 <= content < len(table), f"{tag} {content!r} is not there")
            return table[content][()] if tag == "scalar" else table[content]
        expect(isinstance(content, str) and tag in _LEAVES, f"unknown tag {tag!r}")
        return _LEAVES[tag](content)

    def _keys(self, items):
        """``items``, the keys of one container, after their hashes were paid for."""
        container = self.hashes.new_container()
        for item in items:
            self.hashes.pay(container, item)
        return items


_LEAVES = {
    "int": lambda text: int(text, 16),
    "float": lambda text: struct.unpack(">d", bytes.fromhex(text))[0],
    "complex": lambda text: complex(*struct.unpack(">dd", bytes.fromhex(text))),
    "bytes": lambda text: base64.b64decode(text, validate=True),
    "bytearray": lambda text: bytearray(base64.b64decode(text, validate=True)),
    "dtype": as_dtype,
    "device": device,
    "numpy.dtype": numpy_dtype,
}
