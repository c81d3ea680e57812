"""Zip files of uncompressed members, written whole or not at all, and read without trust."""

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
# what objects may take besides the arrays' own bytes: a few million small ones, more in a larger file
BUDGET, GROWTH = 1 << 28, 16


# ---- writing -------------------------------------------------------------------------------------


@contextlib.contextmanager
def writing(f):
    """A binary file to write: ``f`` itself if it is a file object; for a path a new file that replaces the
    old one only when complete.
    """
    if hasattr(f, "write"):
        yield f
        return
    path = os.path.realpath(os.fsdecode(f))  # a link stays, what it points at is replaced
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
        with open(
            os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666), "w+b"
        ) as file:
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


_drafts: set = set()  # those that this process is writing
_DRAFT = re.compile(r"\.mytorch-([0-9a-f]{8})-(\d+)-[0-9a-f]{16}\.tmp")


def _machine():
    """Eight digits for this machine, or this container on it: a process number means nothing elsewhere."""
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:  # not Linux
        space = ""
    return f"{zlib.crc32((platform.node() + space).encode()):08x}"


def remove_drafts(folder):
    """Remove what processes of this machine that were killed while saving have left in ``folder``."""
    if os.name != "posix":
        return  # where no signal asks whether a process lives
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found = _DRAFT.fullmatch(entry.name)
            if found and found[1] == _machine() and not _is_being_written(entry.path, int(found[2])):
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)


def _is_being_written(draft, process):
    if process == os.getpid():  # ours, or of one that had the same number
        return draft in _drafts
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # another user's
        return True
    return True


def _flush_folder(folder):
    """Make the new name last through a power cut, where the system can."""
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
    else:
        with open(f, "rb") as file:
            yield file, os.fsdecode(f)


class Refused(RuntimeError):
    """The file is whole, but holds something that is not loaded; the message says what."""


def expect(condition, problem):
    """ValueError(problem) unless the file keeps its promise."""
    if not condition:
        raise ValueError(problem)


@contextlib.contextmanager
def blame(name, fault="the file is damaged, truncated or was altered"):
    """Whatever goes wrong inside is the fault of the file ``name``: a RuntimeError says so."""
    try:
        yield
    except Refused as error:
        raise RuntimeError(f"{name}: {error}") from None
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise RuntimeError(f"{name}: {fault}: {reason}") from error


class Archive:
    """The members of an untrusted zip file.

    Members must be stored uncompressed, so that none can grow beyond the bytes that are there; their
    checksums are compared on reading. What is made of them costs memory and time, and :meth:`spend` keeps
    the account.
    """

    def __init__(self, file):
        file.seek(0, os.SEEK_END)
        self.length = file.tell()
        self.budget = BUDGET + GROWTH * self.length
        self._zip = zipfile.ZipFile(file)
        self._members = {}
        for info in self._zip.infolist():
            if info.filename in self._members:
                raise ValueError(f"member {info.filename!r} is there twice")
            if (
                info.compress_type != zipfile.ZIP_STORED
                or info.file_size != info.compress_size
                or info.flag_bits & 1
            ):
                raise ValueError(
                    f"member {info.filename!r} is compressed or encrypted; it should be stored as it is"
                )
            self._members[info.filename] = info
        if sum(info.file_size for info in self._members.values()) > self.length:
            raise ValueError("its members claim more bytes than the file has")

    def spend(self, count):
        """Note that ``count`` more bytes are taken or looked at. ValueError if a file of this length has no
        reason to ask for so many.
        """
        self.budget -= count
        if self.budget < 0:
            raise ValueError(f"it asks for more memory or work than its {self.length:,} bytes explain")

    def __contains__(self, name):
        return name in self._members

    def __iter__(self):
        return iter(self._members)

    def size(self, name):
        """The bytes of member ``name``."""
        if name not in self._members:
            raise ValueError(f"member {name!r} is missing")
        return self._members[name].file_size

    def read(self, name):
        """All bytes of a member. Raises if they do not match their checksum."""
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
