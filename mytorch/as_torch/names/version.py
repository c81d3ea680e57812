# Names only: there is nothing to read here.
"""``torch.version``: the PyTorch whose interface this is, and which mytorch runs."""

from mytorch.version import __version__ as mytorch
from mytorch.version import cuda, debug, git_version, hip

from ..finder import VERSION as __version__
