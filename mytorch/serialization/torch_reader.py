"""State dicts in PyTorch's ``.pt`` / ``.pth`` files, read without torch and without executing anything.

Such a file is a zip archive: ``data.pkl`` is a pickle that names tensors; ``data/0``, ``data/1``, … are their
storages. The pickle is interpreted: the few opcodes and names that a state_dict needs are known, all others
are refused.
"""

from __future__ import annotations

import codecs
from collections import Counter, OrderedDict

import numpy

from ..core.arrays import device
from ..core.dtypes import as_dtype, by_numpy
from ..core.graph import wrap
from ..tensors.tensor import Size
from .archive import Refused, blame, expect
from .checkpoint import ByteBlock, tensor_class
from .opcodes import DICT, LIST, Interpreter

STORAGES = {
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
    "UntypedStorage": "uint8",
}
DTYPES = {*STORAGES.values(), "uint16", "uint32", "uint64"}


def load(archive, name, place):
    """The object in the torch file ``archive``; ``place`` chooses the device of each tensor.

    RuntimeError, naming the file, if it holds no state_dict.
    """
    with blame(name):
        reader = Reader(archive)
        result = finished(reader.run())
    for tensor, location in reader.tensors.values():
        tensor.array = place(tensor.array, location)
    return result


class GlobalName:
    """A global that the pickle names, such as ``torch.FloatStorage``; it is never imported."""

    def __init__(self, text):
        self.text = text.replace(" ", ".", 1)


class Storage:
    """The bytes of one storage, the dtype of its elements and its saved device."""

    def __init__(self, block, kind, location):
        self.block, self.kind, self.location = block, kind, location


class Reader(Interpreter):
    """Interprets ``data.pkl``."""

    def __init__(self, archive):
        pickles = [n for n in archive if n.count("/") == 1 and n.endswith("/data.pkl")]
        if not pickles:
            if any(n.endswith(".npy") for n in archive):
                raise Refused("it is a NumPy .npz file: use numpy.load")
            raise Refused("it is a zip file, but neither a mytorch nor a PyTorch checkpoint")
        self.archive, self.root = archive, pickles[0].removesuffix("data.pkl")
        if f"{self.root}constants.pkl" in archive:
            raise Refused("it is a TorchScript program; save its state_dict() with torch.save instead")
        if f"{self.root}byteorder" in archive and archive.read(f"{self.root}byteorder").strip() != b"little":
            raise Refused("it was written on a big-endian machine")
        self.blocks, self.tensors = {}, {}  # tensors: id -> (tensor, location)
        super().__init__(archive.read(pickles[0]), archive.spend)

    def find(self, module, name):
        """The dtype that a global stands for, or a :class:`GlobalName`; nothing is imported."""
        text = f"{module}.{name}"
        package, _, last = text.rpartition(".")
        if text in MAKERS or (package in ("torch", "torch.storage") and last in STORAGES):
            return GlobalName(text)
        if package == "torch" and last in DTYPES:
            return known(last)
        raise Refused(
            f"it needs {text}, which a state_dict does not. Only tensors, numbers, strings and containers "
            "are loaded: in PyTorch, save model.state_dict()"
        )

    def call(self, maker, arguments):
        expect(
            isinstance(maker, GlobalName) and maker.text in MAKERS, "the pickle calls what is not a function"
        )
        return MAKERS[maker.text](self, *arguments)

    def build(self, target, state):
        """Set ``_metadata``, the only attribute that a state_dict has; others are dropped."""
        if type(target) is not OrderedDict or type(state) is not dict:
            raise Refused(f"its pickle sets attributes of {type(target).__name__}")
        target._metadata = state.get("_metadata")

    def copy(self, value):
        """``value``, after the memory of its copy was spent."""
        self.spend(DICT * len(value))
        return value

    def persistent(self, identifier):
        """The storage of ('storage', its class, its member, its device, its number of elements)."""
        expect(type(identifier) is tuple, "a storage is malformed")
        tag, kind, key, location, count = identifier
        typed = isinstance(kind, GlobalName) and kind.text.rpartition(".")[2] in STORAGES
        # types are checked before values: == of a tensor compares element by element
        texts = all(type(text) is str for text in (tag, key, location))
        expect(texts and tag == "storage" and typed and type(count) is int, "a storage is malformed")
        kind = known(STORAGES[kind.text.rpartition(".")[2]]).numpy
        if key not in self.blocks:
            member = f"{self.root}data/{key}"
            content = numpy.empty(self.archive.size(member), numpy.uint8)
            with self.archive.open(member) as file:
                self.archive.fill(file, content)
            self.blocks[key] = ByteBlock(content, self.spend)
        block = self.blocks[key]
        if count != block.size // kind.itemsize:
            raise ValueError(
                f"storage {key} should have {count!r} elements of {kind}, but has {block.size} bytes"
            )
        self.spend(LIST)
        return Storage(block, kind, location)

    def tensor(self, storage, offset, size, stride, requires_grad, hooks, dtype=None):
        expect(isinstance(storage, Storage) and type(requires_grad) is bool, "a tensor is malformed")
        kind = storage.kind if dtype is None else as_dtype(dtype).numpy
        integers = isinstance(stride, tuple) and all(type(n) is int and n >= 0 for n in (*stride, offset))
        expect(integers and isinstance(size, tuple), "a tensor's sizes are malformed")
        self.spend(64 * len(stride))
        steps = tuple(n * kind.itemsize for n in stride)
        new = wrap(storage.block.window(kind, tuple(size), steps, offset * kind.itemsize))
        self.tensors[id(new)] = new, storage.location
        return new.requires_grad_(requires_grad)

    def parameter(self, data, requires_grad, hooks, state=None):
        expect(id(data) in self.tensors and type(requires_grad) is bool, "a parameter is malformed")
        new = wrap(data.array, cls=tensor_class("Parameter"))
        self.tensors[id(new)] = new, self.tensors[id(data)][1]
        return new.requires_grad_(requires_grad)


def finished(result):
    """``result``; ValueError if it holds names or storages, which only serve to make tensors."""
    rest, seen = [result], set()
    while rest:
        value = rest.pop()
        expect(not isinstance(value, (GlobalName, Storage)), "its pickle holds a name or a storage by itself")
        if isinstance(value, (list, tuple, dict)) and id(value) not in seen:
            seen.add(id(value))
            rest.extend(value.values() if isinstance(value, dict) else value)
            rest.append(getattr(value, "_metadata", None))
    return result


def known(name):
    """The dtype of this name; Refused if it is not available, as bfloat16 may be."""
    try:
        return as_dtype(name)
    except RuntimeError as error:
        raise Refused(str(error)) from None


def _encoded(reader, text, encoding):
    expect(
        type(text) is str and type(encoding) is str and encoding == "latin1",
        "bytes in the pickle are malformed",
    )
    return codecs.encode(reader.copy(text), "latin1")


def _set(reader, items):
    expect(isinstance(items, list), "a set in the pickle is malformed")
    return set(reader.keys(reader.copy(items)))


def _counter(reader, counts=None):
    expect(counts is None or type(counts) is dict, "a Counter in the pickle is malformed")
    return Counter(reader.copy(counts or {}))


def _size(reader, items):
    expect(
        isinstance(items, tuple) and all(type(n) is int for n in items), "a Size in the pickle is malformed"
    )
    return Size(reader.copy(items))


def _complex(reader, real, imag):
    expect(type(real) is float and type(imag) is float, "a complex number in the pickle is malformed")
    return complex(real, imag)


def _device(reader, kind, index=None):
    expect(
        isinstance(kind, str) and (index is None or type(index) is int), "a device in the pickle is malformed"
    )
    return device(kind, index)


def _tensor(reader, storage, offset, size, stride, requires_grad, hooks, metadata=None):
    return reader.tensor(storage, offset, size, stride, requires_grad, hooks)


def _tensor_of_dtype(reader, storage, offset, size, stride, requires_grad, hooks, dtype, metadata=None):
    expect(any(dtype is known for known in by_numpy.values()), "a tensor's dtype is malformed")
    return reader.tensor(storage, offset, size, stride, requires_grad, hooks, dtype)


MAKERS = {
    "collections.OrderedDict": lambda reader: OrderedDict(),
    "collections.Counter": _counter,
    "__builtin__.set": _set,
    "builtins.set": _set,
    "__builtin__.complex": _complex,
    "builtins.complex": _complex,
    "_codecs.encode": _encoded,
    "torch.Size": _size,
    "torch.device": _device,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor_of_dtype,
    "torch._utils._rebuild_parameter": Reader.parameter,
    "torch._utils._rebuild_parameter_with_state": Reader.parameter,
}
