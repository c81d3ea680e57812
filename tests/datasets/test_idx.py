"""The IDX reader: every type, compressed or not, and nothing believed that a file says of itself."""

import gzip
import struct
import tracemalloc

import numpy
import pytest

from mytorch.datasets.idx import read_idx

TYPES = {"uint8": 0x08, "int8": 0x09, "int16": 0x0B, "int32": 0x0C, "float32": 0x0D, "float64": 0x0E}


def idx(array):
    header = bytes([0, 0, TYPES[array.dtype.name], array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", [(3,), (2, 3, 4), (0, 5), (1, 1, 1, 1)])
def test_what_was_written_is_read(tmp_path, dtype, shape, compressed):
    array = (numpy.arange(numpy.prod(shape)) - 1).reshape(shape).astype(dtype)
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(idx(array)) if compressed else idx(array))
    got = read_idx(path)
    assert (
        got.dtype == numpy.dtype(dtype)
        and got.shape == shape
        and (got == array).all()
        and got.flags.writeable
    )


GOOD = idx(numpy.arange(12, dtype="uint8").reshape(3, 4))
DAMAGED = [
    (b"", "not an IDX file: it begins with nothing"),
    (b"\0\0", "not an IDX file"),
    (b"\x89PNG\r\n\x1a\n", "not an IDX file: it begins with 89 50 4e 47"),
    (b"\0\0\x07\x01\0\0\0\1a", "not an IDX file"),
    (b"\0\0\x08\0", "not an IDX file"),
    (GOOD[:9], "truncated IDX file: the header announces 2 dimensions"),
    (GOOD[:-1], r"truncated IDX file: shape \(3, 4\) of uint8 needs 12 bytes, found 11"),
    (GOOD[:12], "found 0"),
    (GOOD + b"x", "goes on after the 12 bytes"),
    (b"\0\0\x08\x02" + b"\xff" * 8, r"announces shape \(4294967295, 4294967295\).*more than the"),
    (b"\0\0\x08\xff" + b"\0\0\0\1" * 255 + b"a", "dimension"),
    (gzip.compress(GOOD[:-1]), "found 11"),
    (gzip.compress(GOOD)[:-9], "truncated or damaged"),
    (gzip.compress(GOOD)[:15], "truncated or damaged"),
    (gzip.compress(GOOD)[:-8] + bytes(8), "truncated or damaged"),
    (b"\x1f\x8bnot gzip after all", "truncated or damaged"),
    (gzip.compress(b"\0\0\x08\x01\0\0\0\1" + bytes(10**6)), "goes on after the 1 bytes"),
    (gzip.compress(b"\0\0\x08\x01\0\xff\xff\xff" + bytes(2**24 - 1)), "that a file of this length explains"),
    (gzip.compress(b"\0\0\x08\x01\x7f\xff\xff\xff" + b"some"), "that a file of this length explains"),
]


@pytest.mark.parametrize("content, message", DAMAGED)
def test_damaged_files_are_refused(tmp_path, content, message):
    path = tmp_path / "digits"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_idx(tmp_path / "nothing")


def test_any_one_changed_byte_of_a_header_is_refused_or_read_as_another_array(tmp_path):
    path = tmp_path / "digits"
    for position in range(12):
        for value in (0, 1, 2, 9, 127, 255):
            path.write_bytes(GOOD[:position] + bytes([value]) + GOOD[position + 1 :])
            try:
                array = read_idx(path)
            except ValueError:
                continue
            assert array.nbytes == 12


def test_a_header_alone_takes_no_memory(tmp_path):
    path, noise = tmp_path / "digits", numpy.random.default_rng(0).bytes(2**20)
    path.write_bytes(gzip.compress(b"\0\0\x08\x01" + struct.pack(">I", 2**26) + noise))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="needs 67,108,864 bytes, found 1,048,576"):
            read_idx(path)
    finally:
        taken = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert taken < 2**26 + 2**23  # the array's own memory, of which only what is there is touched
