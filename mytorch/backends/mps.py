# Names only: there is nothing to read here.
"""Apple GPUs: none."""


def is_available() -> bool:
    """False: there is no device ``mps``."""
    return False


def is_built() -> bool:
    """False: there is no device ``mps``."""
    return False
