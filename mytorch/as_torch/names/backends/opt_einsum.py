"""``torch.backends.opt_einsum``: in which order ``einsum`` multiplies; the settings have no effect."""

enabled, strategy = False, None


def is_available():
    """False: the order is NumPy's."""
    return False
