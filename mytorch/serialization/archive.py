"""Zip files of uncompressed members: written whole or not at all, and read without trust."""

from __future__ import annotations

import contextlib
import io
import os
import platform
import re
import secrets
import zipfile
import zlib

CHUNK = 1 << 24
# the bytes that objects may take besides the arrays: 256 MiB, and 16 for each byte of the file
BUDGET, GROWTH = 1 << 28, 16


# ---- writing -------------------------------------------------------------------------------------


@contextlib.contextmanager
def writing(f):
    """A binary file to write: ``f`` itself, or a draft that replaces the file at path ``f`` when complete."""
    if hasattr(f, "write"):
        yield f
        return
    if not isinstance(f, (str, bytes, os.PathLike)):
        raise AttributeError(
            "expected 'f' to be string, path, or a file-like object with a 'write' attribute"
        )
    path = os.path.realpath(os.fsdecode(f))  # replaces the file that a link points to
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise RuntimeError(f"Parent directory {folder} does not exist.")
    if os.path.isdir(path):
        raise IsADirectoryError(f"{path} is a directory; a file name was expected")
    # a pipe or a device can neither be replaced nor rewound
    if os.path.exists(path) and not os.path.isfile(path):
        content = io.BytesIO()
        yield content
        with open(path, "wb") as file:
            file.write(content.getbuffer())
        return
    if os.path.exists(path) and not os.access(path, os.W_OK):
        raise PermissionError(f"no permission to write {path}")
    remove_drafts(folder)
    draft = os.path.join(folder, f".mytorch-{_machine()}-{os.getpid()}-{secrets.token_hex(8)}.tmp")
    _drafts.add(draft)
    try:
        mode = os.stat(path).st_mode & 0o7777 if os.path.exists(path) else None
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with open(os.open(draft, flags, 0o666), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            os.chmod(draft, mode)
        os.replace(draft, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)
        raise
    finally:
        _drafts.discard(draft)
    _flush_folder(folder)


_drafts: set = set()  # the drafts that this process is writing
_DRAFT = re.compile(r"\.mytorch-([0-9a-f]{8})-(\d+)-[0-9a-f]{16}\.tmp")


def _machine():
    """Eight digits for this machine or container, on which process numbers are unique."""
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:  # not Linux
        space = ""
    return f"{zlib.crc32((platform.node() + space).encode()):08x}"


def remove_drafts(folder):
    """Remove the drafts in ``folder`` of processes on this machine that were killed while saving."""
    if os.name != "posix":
        return  # no signal to test whether a process is alive
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found = _DRAFT.fullmatch(entry.name)
            if found and found[1] == _machine() and not _is_being_written(entry.path, int(found[2])):
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)


def _is_being_written(draft, process):
    if process == os.getpid():  # ours, or that of an earlier process with the same number
        return draft in _drafts
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # another user's
        return True
    return True


def _flush_folder(folder):
    """Write the folder to disk, so that the new name survives a power cut, if the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


# ---- reading -------------------------------------------------------------------------------------


@contextlib.contextmanager
def reading(f):
    """(binary file, its name for messages) of a path or a file object.

    RuntimeError if a file object cannot seek.
    """
    if hasattr(f, "read"):
        if not (hasattr(f, "seek") and hasattr(f, "tell")):
            raise RuntimeError(
                "load needs a file object that can seek and tell; read it into io.BytesIO first"
            )
        yield f, str(getattr(f, "name", "the file object"))
    elif not isinstance(f, (str, bytes, os.PathLike)):
        raise AttributeError(
            f"{type(f).__name__!r} object has no attribute 'seek'. You can only load from a path or a file "
            "that is seekable. Please pre-load the data into a buffer like io.BytesIO and try to load from "
            "it instead."
        )
    else:
        with open(f, "rb") as file:
            yield file, os.fsdecode(f)


class Refused(RuntimeError):
    """The file is intact, but holds something that is not loaded; the message says what."""


def expect(condition, problem):
    """ValueError(problem) unless ``condition`` holds."""
    if not condition:
        raise ValueError(problem)


@contextlib.contextmanager
def blame(name, fault="the file is damaged, truncated or was altered"):
    """Turn any exception inside into a RuntimeError that names the file and its ``fault``."""
    try:
        yield
    except Refused as error:
        raise RuntimeError(f"{name}: {error}") from None
    except Exception as error:
        reason = (str(error) or type(error).__name__)[:1000]  # which may quote the file
        raise RuntimeError(f"{name}: {fault}: {reason}") from error


class Budget:
    """The memory and work that the content of a file of ``length`` bytes may ask for."""

    def __init__(self, length):
        self.length, self.left = length, BUDGET + GROWTH * length

    def spend(self, count):
        """Count ``count`` more bytes that are allocated or read.

        ValueError if the total is more than a file of this length may ask for.
        """
        self.left -= count
        if self.left < 0:
            raise ValueError(f"it asks for more memory or work than its {self.length:,} bytes explain")


class Archive:
    """The members of an untrusted zip file.

    Members that are read must be uncompressed, so that none is larger than the file; checksums are compared
    on reading. :attr:`spend` counts the memory and time that their content takes.
    """

    def __init__(self, file):
        file.seek(0, os.SEEK_END)
        length = file.tell()
        self.spend = Budget(length).spend
        self._zip = zipfile.ZipFile(file)
        self._members = {}
        for info in self._zip.infolist():
            if info.filename in self._members:
                raise ValueError(f"member {info.filename!r} is there twice")
            self._members[info.filename] = info
        if sum(info.compress_size for info in self._members.values()) > length:
            raise ValueError("its members claim more bytes than the file has")

    def __contains__(self, name):
        return name in self._members

    def __iter__(self):
        return iter(self._members)

    def size(self, name):
        """The bytes of member ``name``; ValueError if it is missing, compressed or encrypted."""
        if name not in self._members:
            raise ValueError(f"member {name!r} is missing")
        info = self._members[name]
        stored = info.compress_type == zipfile.ZIP_STORED and info.file_size == info.compress_size
        if not stored or info.flag_bits & 1:
            raise ValueError(f"member {name!r} is compressed or encrypted; it should be stored as it is")
        return info.file_size

    def read(self, name):
        """All bytes of a member; an error if they do not match the checksum."""
        with self.open(name) as member:
            return member.read()

    def open(self, name):
        """A member as a file."""
        self.size(name)
        return self._zip.open(self._members[name])

    def fill(self, member, target):
        """Read the rest of ``member`` into the uint8 array ``target``, which must have exactly its length."""
        for start in range(0, target.size, CHUNK):
            part = target[start : start + CHUNK]
            if member.readinto(memoryview(part)) != part.size:
                raise ValueError("a member ends too early")
        if member.read(1):  # reaching the end also compares the checksum
            raise ValueError("a member is longer than it should be")
