"""``torch.mtia``: devices that mytorch does not know."""


def is_available():
    """False: there are the CPU and NVIDIA's GPUs."""
    return False


def device_count():
    """0."""
    return 0


def synchronize(device=None):
    """Nothing: no work is done there."""


def empty_cache():
    """Nothing: no memory is held there."""
