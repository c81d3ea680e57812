"""``torch.__config__``: what PyTorch was compiled with; here, what NumPy was."""

from ...kernels.threads import get_num_threads


def show():
    """Versions and libraries, as text."""
    return f"mytorch, in PyTorch's place, on NumPy with {get_num_threads()} threads"


def parallel_info():
    """The number of threads, as text."""
    return f"threads: {get_num_threads()}"
