"""The files of PyTorch before 1.6, and of ``torch.save(…, _use_new_zipfile_serialization=False)``.

Five pickles, one after the other: a magic number, the version of the format, the machine's types, the object,
the keys of its storages. Then, for each key, the number of elements (8 bytes) and the elements, always in
little-endian order. The pickles are interpreted as those of newer files are. There is no checksum: altered
numbers are not noticed.
"""

from __future__ import annotations

import os
import pickle
import pickletools

import numpy

from .archive import CHUNK, Budget, blame, expect
from .checkpoint import ByteBlock
from .torch_reader import Reader, finished, to_native

MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001
START = pickle.LONG1 + b"\x0a" + MAGIC.to_bytes(10, "little") + pickle.STOP


def load(file, name, place):
    """The object at the position of ``file``; ``place`` chooses the device of each tensor.

    RuntimeError, naming the file, if it is damaged or holds no state_dict.
    """
    with blame(name):
        front = Front(file)
        magic, version, machine = (Reader(front.pickle(), front.spend).run() for _ in range(3))
        expect(type(magic) is int and magic == MAGIC, "its magic number is wrong")
        expect(type(version) is int and version == VERSION, f"a format version that is not {VERSION}")
        expect(type(machine) is dict, "its description of the machine is malformed")
        content = front.pickle()
        storages = Storages(front.left(), front.spend)
        reader = Reader(content, front.spend, storages.block)
        result = finished(reader.run())
        storages.read(file, Reader(front.pickle(), front.spend).run())
    reader.place(place)
    return result


class Front:
    """The pickles at the front of a file, read no further than the file's end."""

    def __init__(self, file):
        start = file.tell()
        self.file, self.end = file, file.seek(0, os.SEEK_END)
        file.seek(start)
        self.spend, self.readline = Budget(self.end - start).spend, file.readline

    def left(self):
        """The number of bytes from the position to the end."""
        return self.end - self.file.tell()

    def read(self, count):
        return self.file.read(min(count, self.left()))

    def pickle(self):
        """The bytes of the next pickle, which ends with its first STOP."""
        start = self.file.tell()
        for _ in pickletools.genops(self):
            pass
        length = self.file.tell() - start
        self.file.seek(start)
        return self.file.read(length)


class Storages:
    """The storages that the object's pickle names; their bytes come after it."""

    def __init__(self, left, spend):
        self.left, self.spend, self.blocks = left, spend, {}

    def block(self, key, kind, count):
        """The block for storage ``key``, ``count`` elements of dtype ``kind`` that are read later."""
        if key not in self.blocks:
            self.left -= 8 + count * kind.itemsize
            expect(self.left >= 0, "its storages claim more bytes than the file has")
            self.blocks[key] = UnreadBlock(count, kind, self.spend)
        block = self.blocks[key]
        expect((block.count, block.kind) == (count, kind), f"storage {key} has two lengths or dtypes")
        return block

    def read(self, file, keys):
        """Fill the blocks in the order of ``keys``, each of which stands there once."""
        expect(type(keys) is list and all(type(key) is str for key in keys), "its keys are malformed")
        expect(len(keys) == len(self.blocks) and {*keys} == {*self.blocks}, "its keys are not its storages")
        for key in keys:
            self.blocks[key].read(file, key)


class UnreadBlock(ByteBlock):
    """A block whose bytes are read after the tensors were made on it."""

    def __init__(self, count, kind, spend):
        super().__init__(numpy.zeros(count * kind.itemsize, numpy.uint8), spend)
        self.count, self.kind, self.windows = count, kind, []

    def _all_truths(self):
        return False

    def _check_truths(self, array, low, high):
        self.windows.append((array, low, high))  # checked when the bytes are there

    def read(self, file, key):
        count = int.from_bytes(file.read(8), "little", signed=True)
        expect(count == self.count, f"storage {key} should have {self.count} elements, but has {count}")
        for start in range(0, self.size, CHUNK):
            part = self.content[start : start + CHUNK]
            content = file.read(part.size)
            expect(len(content) == part.size, f"storage {key} ends too early")
            part[:] = numpy.frombuffer(content, numpy.uint8)
        to_native(self.content, self.kind, "little")
        if self.windows and not super()._all_truths():
            for window in self.windows:
                super()._check_truths(*window)
