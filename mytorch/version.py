# Names only: there is nothing to read here.
"""The version, and what it was built for: the queries of ``torch.version``."""

__version__ = "0.1.0"
cuda = None  # no CUDA of its own: CuPy brings it
hip = None
git_version = "unknown"
debug = False
