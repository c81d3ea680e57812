"""State dicts in PyTorch's ``.pt`` / ``.pth`` files, read without torch and without executing anything.

Such a file is a zip archive: ``data.pkl`` is a pickle that names tensors, ``data/0``, ``data/1``, … are their
storages. The pickle is not
unpickled: the few opcodes and names that a state_dict needs are interpreted here; every other one is refused.
"""

from __future__ import annotations

import codecs
import io
import pickletools
from collections import Counter, OrderedDict

import numpy

from ..core.arrays import device
from ..core.dtypes import as_dtype, by_numpy
from ..core.graph import wrap
from ..tensors.tensor import Size, Tensor
from .archive import Refused, blame
from .checkpoint import expect, strided, tensor_class

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
MARK = object()


def load(archive, name, place):
    """The object in the torch file ``archive``; ``place`` chooses the device of each tensor. RuntimeError
    naming the file if there is none.
    """
    with blame(name):
        reader = Reader(archive)
        result = reader.run()
    for tensor, location in reader.tensors.values():
        tensor.array = place(tensor.array, location)
    return result


class Name:
    """A global that the pickle mentions, such as ``torch.FloatStorage``; it is never imported."""

    def __init__(self, text):
        self.text = text.replace(" ", ".", 1)


class Storage:
    """The bytes of one storage, where they were, and the dtype of its elements."""

    def __init__(self, block, kind, location):
        self.block, self.kind, self.location = block, kind, location


class Reader:
    """Interprets ``data.pkl``."""

    def __init__(self, archive):
        pickles = [n for n in archive if n.count("/") == 1 and n.endswith("/data.pkl")]
        if not pickles:
            npz = any(n.endswith(".npy") for n in archive)
            raise Refused(
                "it is a NumPy .npz file: use numpy.load"
                if npz
                else "it is a zip file, but neither a mytorch nor a PyTorch checkpoint"
            )
        self.archive, self.root = archive, pickles[0].removesuffix("data.pkl")
        if f"{self.root}constants.pkl" in archive:
            raise Refused("it is a TorchScript program; save its state_dict() with torch.save instead")
        if f"{self.root}byteorder" in archive and archive.read(f"{self.root}byteorder").strip() != b"little":
            raise Refused("it was written on a big-endian machine")
        self.blocks, self.tensors = {}, {}  # tensors: id -> (tensor, location)
        self.stack, self.memo, self.copied = [], {}, 0
        self.content = archive.read(pickles[0])

    def run(self):
        """The object that the pickle describes."""
        stack, memo, handlers = self.stack, self.memo, self.handlers
        for opcode, argument, _ in pickletools.genops(io.BytesIO(self.content)):
            name = opcode.name
            if name in ("BINPUT", "LONG_BINPUT"):
                memo[argument] = stack[-1]
            elif name in ("BINGET", "LONG_BINGET"):
                stack.append(memo[argument])
            elif name in PUSHES:
                stack.append(argument)
            elif name == "STOP":
                expect(len(stack) == 1, "the pickle leaves more than one object")
                return stack.pop()
            elif name in handlers:
                handlers[name](self, argument)
            else:
                raise Refused(f"its pickle uses {name}, which no state_dict needs")
        raise ValueError("the pickle has no end")

    # ---- containers ------------------------------------------------------------------------------

    def since_mark(self):
        """What was pushed since the last MARK, taken from the stack."""
        for start in range(len(self.stack) - 1, -1, -1):
            if self.stack[start] is MARK:
                items = self.stack[start + 1 :]
                del self.stack[start:]
                return items
        raise ValueError("the pickle has no MARK where it needs one")

    def tuple_of(self, count):
        expect(len(self.stack) >= count, "the pickle's stack is too short")
        items = tuple(self.stack[len(self.stack) - count :])
        del self.stack[len(self.stack) - count :]
        self.stack.append(items)

    def extend(self, items):
        expect(isinstance(self.stack[-1], list), "the pickle appends to what is not a list")
        self.stack[-1].extend(items)

    def update(self, items):
        target = self.stack[-1]
        expect(
            isinstance(target, dict) and len(items) % 2 == 0, "the pickle sets items of what is not a dict"
        )
        for key, value in zip(items[::2], items[1::2]):
            target[hashable(key)] = value

    def add(self, items):
        expect(isinstance(self.stack[-1], set), "the pickle adds to what is not a set")
        self.stack[-1].update(map(hashable, items))

    def build(self, _):
        """Attributes of an object: only those of a state_dict, ``_metadata``, are kept."""
        state, target = self.stack.pop(), self.stack[-1]
        if type(target) is not OrderedDict or not isinstance(state, dict):
            raise Refused(f"its pickle sets attributes of {type(target).__name__}")
        target._metadata = state.get("_metadata")

    # ---- names and what they make ----------------------------------------------------------------

    def push_name(self, text):
        name = Name(text)
        module, _, last = name.text.rpartition(".")
        if name.text in MAKERS or (module in ("torch", "torch.storage") and last in STORAGES):
            self.stack.append(name)
        elif module == "torch" and last in DTYPES:
            self.stack.append(known(last))
        else:
            raise Refused(
                f"it needs {name.text}, which a state_dict does not. Only tensors, numbers, strings "
                "and containers are loaded: in PyTorch, save "
                "model.state_dict()"
            )

    def reduce(self, _):
        arguments, maker = self.stack.pop(), self.stack.pop()
        expect(
            isinstance(maker, Name) and maker.text in MAKERS and isinstance(arguments, tuple),
            "the pickle calls what is not a function",
        )
        self.stack.append(MAKERS[maker.text](self, *arguments))

    def copy(self, value):
        """Note that ``value`` is about to be copied: together never more than the pickle is long."""
        self.copied += len(value)
        expect(self.copied <= len(self.content), "the pickle copies an object over and over")
        return value

    def storage(self, _):
        """A persistent id: ('storage', its class, its member, its location, its number of elements)."""
        tag, kind, key, location, count = self.stack.pop()
        typed = isinstance(kind, Name) and kind.text.rpartition(".")[2] in STORAGES
        expect(
            tag == "storage" and typed and isinstance(key, str) and isinstance(location, str),
            "a storage is malformed",
        )
        kind = known(STORAGES[kind.text.rpartition(".")[2]]).numpy
        if key not in self.blocks:
            member = f"{self.root}data/{key}"
            block = numpy.empty(self.archive.size(member), numpy.uint8)
            with self.archive.open(member) as file:
                self.archive.fill(file, block)
            self.blocks[key] = block
        block = self.blocks[key]
        expect(
            count == block.size // kind.itemsize,
            f"storage {key} should have {count!r} elements of {kind}, but has {block.size} bytes",
        )
        self.stack.append(Storage(block, kind, location))

    def tensor(self, storage, offset, size, stride, requires_grad, hooks, dtype=None):
        expect(isinstance(storage, Storage) and type(requires_grad) is bool, "a tensor is malformed")
        kind = storage.kind if dtype is None else as_dtype(dtype).numpy
        integers = isinstance(stride, tuple) and all(type(n) is int and n >= 0 for n in (*stride, offset))
        expect(integers and isinstance(size, tuple), "a tensor's sizes are malformed")
        steps = tuple(n * kind.itemsize for n in stride)
        new = wrap(strided(storage.block, kind, tuple(size), steps, offset * kind.itemsize))
        self.tensors[id(new)] = new, storage.location
        return new.requires_grad_(requires_grad)

    def parameter(self, data, requires_grad, hooks, state=None):
        expect(isinstance(data, Tensor) and type(requires_grad) is bool, "a parameter is malformed")
        new = wrap(data.array, cls=tensor_class("Parameter"))
        self.tensors[id(new)] = new, self.tensors[id(data)][1]
        return new.requires_grad_(requires_grad)

    handlers = {
        "PROTO": lambda self, version: None,
        "FRAME": lambda self, length: None,
        "NONE": lambda self, _: self.stack.append(None),
        "NEWTRUE": lambda self, _: self.stack.append(True),
        "NEWFALSE": lambda self, _: self.stack.append(False),
        "MARK": lambda self, _: self.stack.append(MARK),
        "MEMOIZE": lambda self, _: self.memo.__setitem__(len(self.memo), self.stack[-1]),
        "EMPTY_LIST": lambda self, _: self.stack.append([]),
        "EMPTY_DICT": lambda self, _: self.stack.append({}),
        "EMPTY_SET": lambda self, _: self.stack.append(set()),
        "EMPTY_TUPLE": lambda self, _: self.stack.append(()),
        "TUPLE": lambda self, _: self.stack.append(tuple(self.since_mark())),
        "TUPLE1": lambda self, _: self.tuple_of(1),
        "TUPLE2": lambda self, _: self.tuple_of(2),
        "TUPLE3": lambda self, _: self.tuple_of(3),
        "APPEND": lambda self, _: self.extend([self.stack.pop()]),
        "APPENDS": lambda self, _: self.extend(self.since_mark()),
        "SETITEM": lambda self, _: self.update([self.stack.pop(-2), self.stack.pop()]),
        "SETITEMS": lambda self, _: self.update(self.since_mark()),
        "ADDITEMS": lambda self, _: self.add(self.since_mark()),
        "GLOBAL": push_name,
        "STACK_GLOBAL": lambda self, _: self.push_name(f"{self.stack.pop(-2)} {self.stack.pop()}"),
        "REDUCE": reduce,
        "BUILD": build,
        "BINPERSID": storage,
    }


PUSHES = {
    "BININT",
    "BININT1",
    "BININT2",
    "LONG1",
    "LONG4",
    "BINFLOAT",
    "BINUNICODE",
    "SHORT_BINUNICODE",
    "BINUNICODE8",
    "SHORT_BINBYTES",
    "BINBYTES",
    "BINBYTES8",
}


def known(name):
    """The dtype of this name; bfloat16 may be missing."""
    try:
        return as_dtype(name)
    except RuntimeError as error:
        raise Refused(str(error)) from None


def hashable(key):
    """``key`` if it is of a kind that keys of a checkpoint have; hashing an unknown object could do
    anything."""
    plain = (str, int, float, bool, type(None), bytes, complex)
    expect(
        isinstance(key, plain) or (isinstance(key, tuple) and all(isinstance(k, plain) for k in key)),
        "a key of the pickle is not a plain value",
    )
    return key


def _encoded(reader, text, encoding):
    expect(encoding == "latin1" and isinstance(text, str), "bytes in the pickle are malformed")
    return codecs.encode(reader.copy(text), "latin1")


def _set(reader, items):
    expect(isinstance(items, list), "a set in the pickle is malformed")
    return {hashable(item) for item in reader.copy(items)}


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
    expect(dtype in by_numpy.values(), "a tensor's dtype is malformed")
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
