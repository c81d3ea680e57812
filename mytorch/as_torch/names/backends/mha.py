"""``torch.backends.mha``: whether attention of layers may be computed in one step; it has no effect."""


def get_fastpath_enabled():
    """False."""
    return False


def set_fastpath_enabled(value):
    """Nothing."""
