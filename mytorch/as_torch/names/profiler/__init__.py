# Names only: there is nothing to read here.
"""What packages ask ``torch.profiler``."""

__all__ = ["kineto_available"]


def kineto_available():
    """False: PyTorch's profiler in C++ is not here."""
    return False
