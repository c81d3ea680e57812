"""Stores: names and values that ranks or scripts share, beside the collectives.

Joining needs none of them: processes find each other through MPI.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import operator
import os
import threading
import time
import urllib.parse

from .process_group import as_seconds
from .work import DistStoreError

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

REASON = (
    "processes find each other through MPI, init_process_group needs no address and no store; to share "
    "values use the collectives of objects, or a FileStore"
)
NAP = 0.01  # seconds between two looks for a key that another process will set


class Store:
    """Text or bytes by key, as :class:`HashStore`, :class:`FileStore` and :class:`PrefixStore` keep them. A
    kind of its own writes ``_opened()``: a context that gives the dict of all and keeps its changes.
    """

    timeout = datetime.timedelta(seconds=300)  # how long ``get`` and ``wait`` wait

    def _opened(self):
        raise NotImplementedError(f"{type(self).__name__} does not say where it keeps its values")

    def set(self, key, value) -> None:
        """Keep ``value``, text or bytes, under ``key``."""
        with self._opened() as values:
            values[_as_key(key)] = _as_bytes(value)

    def get(self, key) -> bytes:
        """The value of ``key``, waited for up to the time-out. DistStoreError if it does not come."""
        self.wait([key])
        with self._opened() as values:
            return values[_as_key(key)]

    def add(self, key, amount) -> int:
        """Count ``key`` on by ``amount``, from 0; the new number."""
        key, amount = _as_key(key), operator.index(amount)
        with self._opened() as values:
            number = int(values.get(key, b"0")) + amount
            values[key] = b"%d" % number
        return number

    def append(self, key, value) -> None:
        """Put ``value`` behind that of ``key``."""
        key, value = _as_key(key), _as_bytes(value)
        with self._opened() as values:
            values[key] = values.get(key, b"") + value

    def compare_set(self, key, expected, desired) -> bytes:
        """Keep ``desired`` if the value is ``expected``, which is "" for a key that is missing; returns the
        value behind it, ``expected`` for a key that is still missing.
        """
        key, expected, desired = _as_key(key), _as_bytes(expected), _as_bytes(desired)
        with self._opened() as values:
            if values.get(key, b"") == expected:
                values[key] = desired
            return values.get(key, expected)

    def check(self, keys) -> bool:
        """Whether all ``keys`` have values."""
        keys = _as_keys(keys)
        with self._opened() as values:
            return all(key in values for key in keys)

    def wait(self, keys, timeout=None) -> None:
        """Return when all ``keys`` have values. DistStoreError after ``timeout`` (None: the store's)."""
        end = time.monotonic() + as_seconds(self.timeout if timeout is None else timeout)
        while not self.check(keys):
            if time.monotonic() > end:
                raise DistStoreError(f"wait timeout: nobody has set all of {list(keys)}")
            time.sleep(NAP)

    def delete_key(self, key) -> bool:
        """Forget ``key``; whether it was there."""
        with self._opened() as values:
            return values.pop(_as_key(key), None) is not None

    def list_keys(self) -> list:
        """All keys."""
        with self._opened() as values:
            return list(values)

    def num_keys(self) -> int:
        """How many keys there are."""
        return len(self.list_keys())

    def multi_get(self, keys) -> list:
        """The values of ``keys``."""
        return [self.get(key) for key in _as_keys(keys)]

    def multi_set(self, keys, values) -> None:
        """Keep ``values`` under ``keys``."""
        for key, value in zip(_as_keys(keys), values):
            self.set(key, value)

    def set_timeout(self, timeout) -> None:
        """Let :meth:`get` and :meth:`wait` wait for ``timeout``, a timedelta, in place of 5 minutes."""
        self.timeout = timeout


def _as_bytes(value):
    """Text or bytes as bytes. TypeError for anything else."""
    if not isinstance(value, (str, bytes, bytearray)):
        raise TypeError(f"a store keeps text or bytes, not {type(value).__name__}")
    return value.encode() if isinstance(value, str) else bytes(value)


def _as_key(key):
    """A key as text. TypeError for what is neither text nor bytes."""
    return _as_bytes(key).decode()


def _as_keys(keys):
    """A list of keys as text. TypeError for one key alone."""
    if isinstance(keys, (str, bytes)):
        raise TypeError(f"expected a list of keys, got {keys!r}")
    return [_as_key(key) for key in keys]


class HashStore(Store):
    """A store in the memory of one process, for its threads."""

    def __init__(self):
        self._values, self._lock = {}, threading.Lock()

    @contextlib.contextmanager
    def _opened(self):
        with self._lock:
            yield self._values


class FileStore(Store):
    """A store in the file ``file_name``, for processes that see it, which lock it for each call. The file
    stays. NotImplementedError on systems without ``fcntl``.
    """

    def __init__(self, file_name, world_size=-1):
        if fcntl is None:
            raise NotImplementedError("FileStore: this system cannot lock files by fcntl.flock")
        self.path = str(file_name)

    @contextlib.contextmanager
    def _opened(self):
        with open(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed
            before = file.read()
            values = {key: value.encode("latin-1") for key, value in json.loads(before or "{}").items()}
            yield values
            after = json.dumps({key: value.decode("latin-1") for key, value in values.items()})
            if after != before:
                file.seek(0)
                file.write(after)
                file.truncate()


class PrefixStore(Store):
    """The part of ``store`` whose keys begin with ``prefix`` and a slash, which are added here."""

    def __init__(self, prefix, store):
        self.prefix, self.underlying_store = prefix, store

    @contextlib.contextmanager
    def _opened(self):
        start = f"{self.prefix}/"
        with self.underlying_store._opened() as values:
            own = {key.removeprefix(start): value for key, value in values.items() if key.startswith(start)}
            yield own
            for key in [key for key in values if key.startswith(start)]:
                del values[key]
            values.update({start + key: value for key, value in own.items()})


class TCPStore(Store):
    """Refused: NotImplementedError. There is no server of values beside MPI."""

    def __init__(self, *args, **kwargs):
        raise NotImplementedError(f"TCPStore: {REASON}")


def rendezvous(url, rank=-1, world_size=-1, **kwargs):
    """An iterator of one (store, rank, number of processes): of ``"file://PATH?rank=…&world_size=…"`` with a
    :class:`FileStore`. ValueError without rank or number; NotImplementedError for other addresses.
    """
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "file":
        raise NotImplementedError(f"rendezvous with {url!r}: {REASON}")
    given = {"rank": rank, "world_size": world_size} | dict(urllib.parse.parse_qsl(parts.query))
    rank, size = int(given["rank"]), int(given["world_size"])
    if rank < 0 or size < 0:
        raise ValueError(f"rendezvous with {url!r}: rank={rank}, world_size={size}; both have to be given")
    yield FileStore(parts.path, size), rank, size
