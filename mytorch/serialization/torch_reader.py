"""State dicts in PyTorch's ``.pt`` / ``.pth`` files, read without torch and without executing anything.

Such a file is a zip archive: ``data.pkl`` is a pickle that names tensors; ``data/0``, ``data/1``, … are their
storages. The pickle is interpreted: the few opcodes and names that a state_dict needs are known, all others
are refused. ``legacy_reader.py`` reads the files of PyTorch before 1.6, which hold the same pickle.
"""

from __future__ import annotations

import codecs
import pickle
import sys
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
PACKAGES = ("torch", "torch.storage", "torch.cuda")  # of the classes of storages
ADVICE = "Only tensors, numbers, strings and containers are loaded: in PyTorch, save model.state_dict()"
PROGRAMS = ("archive_format", "serialized_exported_program.json")  # members of torch.export's files
DTYPES = {*STORAGES.values(), "uint16", "uint32", "uint64"}


def load(archive, name, place):
    """The object in the torch file ``archive``; ``place`` chooses the device of each tensor.

    RuntimeError, naming the file, if it holds no state_dict.
    """
    with blame(name):
        members = Members(archive)
        reader = Reader(members.pickle, archive.spend, members.block, members.order)
        result = finished(reader.run())
    reader.place(place)
    return result


class Members:
    """The pickle and the storages of a zip file, which have the prefix of ``data.pkl``."""

    def __init__(self, archive):
        self.archive, self.root, self.blocks = archive, _root(archive), {}
        self.pickle, self.order = archive.read(f"{self.root}data.pkl"), "little"
        if f"{self.root}byteorder" in archive:
            self.order = archive.read(f"{self.root}byteorder").decode().strip()
            expect(self.order in ("little", "big"), f"a byte order {self.order!r:.20}")

    def block(self, key, kind, count):
        """The bytes of storage ``key``, which holds ``count`` elements of dtype ``kind``."""
        if key not in self.blocks:
            member = f"{self.root}data/{key}"
            content = numpy.empty(self.archive.size(member), numpy.uint8)
            with self.archive.open(member) as file:
                self.archive.fill(file, content)
            to_native(content, kind, self.order)
            self.blocks[key] = ByteBlock(content, self.archive.spend)
        block = self.blocks[key]
        if count != block.size // kind.itemsize:
            raise ValueError(
                f"storage {key} should have {count!r} elements of {kind}, but has {block.size} bytes"
            )
        return block


def _root(archive):
    """The folder of ``data.pkl``; Refused, with what to do, if the archive has none or holds a program."""
    if any(n.rpartition("/")[2] in PROGRAMS for n in archive):
        raise Refused(
            "it is a program that torch.export saved; only weights are loaded. In PyTorch, save them: "
            "torch.save(torch.export.load(f).state_dict, 'weights.pth')"
        )
    pickles = [n for n in archive if n.count("/") == 1 and n.endswith("/data.pkl")]
    if not pickles:
        if any(n.endswith(".npy") for n in archive):
            raise Refused("it is a NumPy .npz file: use numpy.load")
        raise Refused("it is a zip file, but neither a mytorch nor a PyTorch checkpoint")
    root = pickles[0].removesuffix("data.pkl")
    if f"{root}constants.pkl" in archive:
        raise Refused(
            "it is a TorchScript program; only weights are loaded. In PyTorch, save its state_dict: "
            "torch.save(torch.jit.load(f).state_dict(), 'weights.pth')"
        )
    return root


def to_native(content, kind, order):
    """Turn the bytes of elements of dtype ``kind``, saved in this byte order, into the machine's order."""
    size = kind.itemsize // (2 if kind.kind == "c" else 1)
    if order != sys.byteorder and size > 1:
        content[: content.size // size * size].view(f"u{size}").byteswap(inplace=True)


class GlobalName:
    """A global that the pickle names, such as ``torch.FloatStorage``; it is never imported."""

    def __init__(self, text):
        self.text = text.replace(" ", ".", 1)


class Storage:
    """The bytes of one storage, its start in them, the dtype of its elements and its saved device."""

    def __init__(self, block, start, kind, location):
        self.block, self.start, self.kind, self.location = block, start, kind, location


def _no_block(key, kind, count):
    raise ValueError("a storage where none belongs")


class Reader(Interpreter):
    """Interprets a pickle whose storages are those that ``block(key, dtype, count)`` finds.

    They were saved in the byte order ``order``.
    """

    def __init__(self, content, spend, block=_no_block, order="little"):
        super().__init__(content, spend)
        self.block, self.order = block, order
        self.tensors = {}  # id -> (tensor, location)

    def place(self, place):
        """Move each tensor to the device that ``place`` chooses."""
        for tensor, location in self.tensors.values():
            tensor.array = place(tensor.array, location)

    def find(self, module, name):
        """The dtype that a global stands for, or a :class:`GlobalName`; nothing is imported."""
        text = f"{module}.{name}"
        package, _, last = text.rpartition(".")
        if text in MAKERS or (package in PACKAGES and last in STORAGES):
            return GlobalName(text)
        if package == "torch" and last in DTYPES:
            return known(last)
        raise Refused(f"it needs {text}, which a state_dict does not. {ADVICE}")

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
        """The storage of ('storage', its class, its key, its device, its number of elements).

        Files of PyTorch before 1.6 add None or (key, offset, length) of a part of it.
        """
        expect(type(identifier) is tuple and len(identifier) in (5, 6), "a storage is malformed")
        tag, kind, key, location, count, *rest = identifier
        if type(tag) is str and tag == "module":
            raise Refused(f"it holds a whole module. {ADVICE}")
        typed = isinstance(kind, GlobalName) and kind.text.rpartition(".")[2] in STORAGES
        # types are checked before values: == of a tensor compares element by element
        texts = all(type(text) is str for text in (tag, key, location))
        number = type(count) is int and count >= 0
        expect(texts and tag == "storage" and typed and number, "a storage is malformed")
        kind = known(STORAGES[kind.text.rpartition(".")[2]]).numpy
        part = (rest or [None])[0]
        if part is None:
            part = (key, 0, count)
        expect(
            type(part) is tuple and len(part) == 3 and all(type(n) is int and n >= 0 for n in part[1:]),
            "a part of a storage is malformed",
        )
        self.spend(LIST)
        return Storage(self.block(key, kind, count), part[1] * kind.itemsize, kind, location)

    def tensor(self, storage, offset, size, stride, requires_grad, hooks, dtype=None):
        expect(isinstance(storage, Storage) and type(requires_grad) is bool, "a tensor is malformed")
        kind = storage.kind if dtype is None else as_dtype(dtype).numpy
        if dtype is not None and kind.itemsize > 1 and self.order != sys.byteorder:
            raise Refused(f"its tensors of {dtype} were written on a {self.order}-endian machine")
        integers = isinstance(stride, tuple) and all(type(n) is int and n >= 0 for n in (*stride, offset))
        expect(integers and isinstance(size, tuple), "a tensor's sizes are malformed")
        self.spend(64 * len(stride))
        steps = tuple(n * kind.itemsize for n in stride)
        start = storage.start + offset * kind.itemsize
        new = wrap(storage.block.window(kind, tuple(size), steps, start))
        self.tensors[id(new)] = new, storage.location
        return new.requires_grad_(requires_grad)

    def parameter(self, data, requires_grad, hooks, state=None):
        expect(id(data) in self.tensors and type(requires_grad) is bool, "a parameter is malformed")
        new = wrap(data.array, cls=tensor_class("Parameter"))
        self.tensors[id(new)] = new, self.tensors[id(data)][1]
        return new.requires_grad_(requires_grad)

    # text of Python 2, in which many old files were written
    handlers = Interpreter.handlers | {
        pickle.SHORT_BINSTRING[0]: lambda self: self.push_text(self.take(self.byte()).decode())
    }


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


def _bytearray(reader, content=b"", encoding="latin-1"):
    expect(encoding == "latin-1", "a bytearray in the pickle is malformed")
    if type(content) is str:
        content = _encoded(reader, content, "latin1")
    expect(type(content) is bytes, "a bytearray in the pickle is malformed")
    return bytearray(reader.copy(content))


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


def _tensor(reader, storage, offset, size, stride, requires_grad=False, hooks=None, metadata=None):
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
    "__builtin__.bytearray": _bytearray,
    "builtins.bytearray": _bytearray,
    "_codecs.encode": _encoded,
    "torch.Size": _size,
    "torch.device": _device,
    "torch._utils._rebuild_tensor": _tensor,  # before 0.4
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor_of_dtype,
    "torch._utils._rebuild_parameter": Reader.parameter,
    "torch._utils._rebuild_parameter_with_state": Reader.parameter,
}
