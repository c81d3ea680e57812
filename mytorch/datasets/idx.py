"""The IDX file format of MNIST: a type, the sizes, then the elements, big-endian; gzip is optional."""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib

import numpy

_GZIP = b"\x1f\x8b"
_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_CHUNK = 1 << 20
# the array may have 64 bytes for each byte of the file, and 1 MiB more: images compress at most to a fiftieth
_RATIO, _FREE = 64, 1 << 20


def read_idx(path) -> numpy.ndarray:
    """The array in an IDX file, plain or compressed with gzip; its content says which.

    Format: http://yann.lecun.com/exdb/mnist/. ValueError, naming the file, if it is another format,
    truncated, or longer than its header says.
    """
    path = os.fspath(path)
    with open(path, "rb") as plain:
        compressed = plain.read(2) == _GZIP
        length = plain.seek(0, os.SEEK_END)
        plain.seek(0)
        try:
            with gzip.open(plain) if compressed else plain as file:
                return _read(file, length * _RATIO + _FREE)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ValueError(f"{path}: the gzip file is truncated or damaged: {error}") from error
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None


def _read(file, largest):
    """The array in an open file, of at most ``largest`` bytes."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _TYPES or not magic[3]:
        raise ValueError(
            f"not an IDX file: it begins with {magic.hex(' ') or 'nothing'}, expected 00 00, a type "
            "and a number of dimensions"
        )
    sizes = file.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise ValueError(
            f"truncated IDX file: the header announces {magic[3]} dimensions and ends before their sizes do"
        )
    shape = struct.unpack(f">{magic[3]}I", sizes)
    dtype = numpy.dtype(_TYPES[magic[2]])
    expected = math.prod(shape) * dtype.itemsize
    announced = f"shape {shape} of {dtype.name}"
    if expected > largest:
        raise ValueError(
            f"the header announces {announced}, {expected:,} bytes: more than the {largest:,} that a file of "
            "this length explains"
        )
    array, found = numpy.empty(shape, dtype), 0
    content = memoryview(array.reshape(-1).view(numpy.uint8))
    while found < expected and (count := file.readinto(content[found : found + _CHUNK])):
        found += count
    if found < expected:
        raise ValueError(f"truncated IDX file: {announced} needs {expected:,} bytes, found {found:,}")
    if file.read(1):
        raise ValueError(
            f"the IDX file goes on after the {expected:,} bytes that its header announces ({announced})"
        )
    return array.astype(dtype.newbyteorder("="), copy=False)
