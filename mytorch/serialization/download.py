"""Downloads of one file, which appears only if it is complete and its checksum is right."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request

from .archive import writing

_CHUNK = 1 << 18


def fetch(url, path, *, algorithm="sha256", checksum="", largest=None, timeout=30.0) -> None:
    """Download ``url`` to ``path``, where the file appears when it is complete.

    RuntimeError for another checksum, ValueError for a file that is too large, OSError (URLError,
    TimeoutError) for network errors, such as fewer bytes than the server announced.
    """
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with writing(path) as file, _open(url, timeout) as answer:
        size, announced = 0, answer.headers.get("Content-Length", "")
        for chunk in _chunks(answer, timeout):
            size += len(chunk)
            if largest is not None and size > largest:
                raise ValueError(f"the file is larger than {largest:,} bytes")
            digest.update(chunk)
            file.write(chunk)
        if announced.isdecimal() and size != int(announced):
            raise _cut(f"{size:,} of {int(announced):,} bytes")
        if not digest.hexdigest().startswith(checksum):
            raise RuntimeError(f'invalid hash value (expected "{checksum}", got "{digest.hexdigest()}")')


def _open(url, timeout):
    try:
        return urllib.request.urlopen(url, timeout=timeout)
    except http.client.HTTPException as error:
        raise urllib.error.URLError(f"the server does not speak HTTP: {error!r}") from error


def _chunks(answer, timeout):
    while True:
        try:
            chunk = answer.read(_CHUNK)
        except TimeoutError as error:
            raise TimeoutError(f"the server stopped sending for {timeout:g} s") from error
        except http.client.IncompleteRead as error:
            raise _cut("only a part") from error
        if not chunk:
            return
        yield chunk


def _cut(what):
    return urllib.error.ContentTooShortError(f"the download ended too early: got {what}", None)
