"""Download one file from the first mirror that has it, and believe it only if its checksum is right."""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.request

from ..serialization.archive import writing

_CHUNK = 1 << 18


def download(urls, path, md5, *, largest=1 << 28, timeout=30.0) -> str:
    """Download the first of ``urls`` that answers with content of checksum ``md5`` to ``path``; returns that
    URL.

    The file appears under its name only when it is whole and right. Raises RuntimeError that lists what was
    wrong with every mirror. ``timeout`` is in seconds without an answer; more than ``largest`` bytes are
    refused.
    """
    path = os.fspath(path)
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    failures = []
    for url in urls:
        try:
            _download(url, path, md5, largest, timeout)
            return url
        except (OSError, http.client.HTTPException, ValueError) as error:  # URLError is an OSError
            failures.append(f"  {url}: {error}")
    raise RuntimeError(f"could not download {os.path.basename(path)}:\n" + "\n".join(failures))


def _download(url, path, md5, largest, timeout):
    digest, size = hashlib.md5(usedforsecurity=False), 0
    with writing(path) as file, urllib.request.urlopen(url, timeout=timeout) as answer:
        while chunk := answer.read(_CHUNK):
            size += len(chunk)
            if size > largest:
                raise ValueError(f"the file is larger than {largest:,} bytes")
            digest.update(chunk)
            file.write(chunk)
        if digest.hexdigest() != md5:
            raise ValueError(f"wrong checksum: MD5 {digest.hexdigest()} of {size:,} bytes, expected {md5}")
