"""Download one file from the first mirror that has it with the right checksum."""

from __future__ import annotations

import os

from ..serialization.download import fetch


def download(urls, path, md5, *, largest=1 << 28, timeout=30.0) -> str:
    """Download a file with checksum ``md5`` from the first of ``urls`` that has it, and return that URL.

    The file appears at ``path`` only when it is complete and right. ``largest``: the allowed size in bytes.
    ``timeout``: seconds to wait for an answer. RuntimeError lists what was wrong with each mirror.
    """
    path = os.fspath(path)
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    failures = []
    for url in urls:
        try:
            fetch(url, path, algorithm="md5", checksum=md5, largest=largest, timeout=timeout)
            return url
        except (OSError, RuntimeError, ValueError) as error:
            failures.append(f"  {url}: {error}")
    raise RuntimeError(f"could not download {os.path.basename(path)}:\n" + "\n".join(failures))
