"""What packages take from ``torch.hub`` beside its functions."""

import os
import re
from urllib.parse import urlparse

from ...hub import get_dir
from .utils.model_zoo import tqdm

__all__ = ["HASH_REGEX", "READ_DATA_CHUNK", "_get_torch_home", "tqdm", "urlparse"]

HASH_REGEX = re.compile(r"-([a-f0-9]*)\.")
READ_DATA_CHUNK = 128 * 1024


def _get_torch_home():
    """The folder in which ``hub`` keeps its own."""
    return os.path.dirname(get_dir())
