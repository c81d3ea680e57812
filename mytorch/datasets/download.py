"""Download one file from the first mirror that has it, and believe it only if its checksum is right."""

from __future__ import annotations

import os

from ..serialization.download import fetch


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
            fetch(url, path, algorithm="md5", checksum=md5, largest=largest, timeout=timeout)
            return url
        except (OSError, RuntimeError, ValueError) as error:
            failures.append(f"  {url}: {error}")
    raise RuntimeError(f"could not download {os.path.basename(path)}:\n" + "\n".join(failures))
