"""``torch.hub``: weights from the web, stored in torch's own cache.

Models are not built from the code of repositories, which is written for torch.
"""

from __future__ import annotations

import os
import re
import urllib.parse

from .serialization import load as read
from .serialization.download import fetch
from .tensors.public_names import lookup as _lookup

_HASH = re.compile(r"-([a-f0-9]*)\.")  # as in resnet18-f37072fd.pth
_chosen: list = []


def get_dir() -> str:
    """The folder of downloads: that of :func:`set_dir`, or ``$TORCH_HOME/hub`` or ``~/.cache/torch/hub``."""
    if _chosen:
        return _chosen[-1]
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", os.path.join(cache, "torch"))
    return os.path.join(os.path.expanduser(home), "hub")


def set_dir(d) -> None:
    """Set the folder of downloads."""
    _chosen.append(os.path.expanduser(d))


def download_url_to_file(url, dst, hash_prefix=None, progress=True) -> None:
    """Download ``url`` to the path ``dst``, where the file appears when it is complete.

    RuntimeError unless its SHA-256 begins with ``hash_prefix``, OSError if the server does not answer for
    30 s or sends too few bytes. ``progress`` has no effect.
    """
    dst = os.path.abspath(os.path.expanduser(dst))
    os.stat(os.path.dirname(dst))  # FileNotFoundError if there is no such folder, as in torch
    fetch(url, dst, checksum=hash_prefix or "")


def load_state_dict_from_url(
    url, model_dir=None, map_location=None, progress=True, check_hash=False, file_name=None, weights_only=True
):
    """The state dict at ``url``, which is downloaded once.

    ``map_location`` and ``weights_only`` as in :func:`mytorch.load`.
    """
    folder = os.path.join(get_dir(), "checkpoints") if model_dir is None else model_dir
    name = os.path.basename(urllib.parse.urlparse(url).path) if file_name is None else file_name
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        os.makedirs(folder, exist_ok=True)
        found = _HASH.search(name) if check_hash else None
        download_url_to_file(url, path, found and found.group(1), progress)
    return read(path, map_location, weights_only=weights_only)


def load(repo_or_dir, model, *args, **kwargs):
    """NotImplementedError: the code of repositories is written for torch."""
    raise NotImplementedError(
        f"hub.load would run the code of {repo_or_dir}, which is written for torch; "
        "load_state_dict_from_url loads weights"
    )


__getattr__ = _lookup(__name__)
