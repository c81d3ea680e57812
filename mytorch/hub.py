"""``torch.hub``: weights from the web, kept in torch's own cache. Models are not built from the code of
repositories: that is written for torch.
"""

from __future__ import annotations

import os
import re
import urllib.parse

from .core.public_names import lookup as _lookup
from .serialization import load as read
from .serialization.download import fetch

_HASH = re.compile(r"-([a-f0-9]*)\.")  # as in resnet18-f37072fd.pth
_chosen: list = []


def get_dir() -> str:
    """Where downloads are kept: what :func:`set_dir` said, else ``$TORCH_HOME/hub`` or
    ``~/.cache/torch/hub``.
    """
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    return (
        _chosen[-1]
        if _chosen
        else os.path.join(
            os.path.expanduser(os.environ.get("TORCH_HOME", os.path.join(cache, "torch"))), "hub"
        )
    )


def set_dir(d) -> None:
    """Keep downloads in the folder ``d``."""
    _chosen.append(os.path.expanduser(d))


def download_url_to_file(url, dst, hash_prefix=None, progress=True) -> None:
    """Download ``url`` to the path ``dst``, which appears when it is whole. RuntimeError unless its SHA-256
    begins with ``hash_prefix``, OSError if the server does not answer for 30 s or ends too early.

    ``progress`` changes nothing.
    """
    dst = os.path.abspath(os.path.expanduser(dst))
    os.stat(os.path.dirname(dst))  # FileNotFoundError if there is no such folder, as in torch
    fetch(url, dst, checksum=hash_prefix or "")


def load_state_dict_from_url(
    url, model_dir=None, map_location=None, progress=True, check_hash=False, file_name=None, weights_only=True
):
    """The state dict at ``url``, downloaded once into ``model_dir`` (``checkpoints`` in :func:`get_dir`)
    under ``file_name`` or its own name.

    ``check_hash``: the name holds the beginning of the SHA-256, as in ``resnet18-f37072fd.pth``. What it may
    contain is said in :func:`mytorch.load`.
    """
    folder = os.path.join(get_dir(), "checkpoints") if model_dir is None else model_dir
    name = os.path.basename(urllib.parse.urlparse(url).path) if file_name is None else file_name
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        os.makedirs(folder, exist_ok=True)
        found = _HASH.search(name) if check_hash else None
        download_url_to_file(url, path, found and found.group(1), progress)
    return read(path, map_location, weights_only)


def load(repo_or_dir, model, *args, **kwargs):
    """NotImplementedError: the code of repositories is written for torch."""
    raise NotImplementedError(
        f"hub.load would run the code of {repo_or_dir}, which is written for torch; "
        "load_state_dict_from_url loads weights"
    )


__getattr__ = _lookup(__name__)
