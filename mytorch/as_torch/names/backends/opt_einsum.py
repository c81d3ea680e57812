"""``torch.backends.opt_einsum``: in which order ``einsum`` multiplies; the settings are stored without effect."""

enabled, strategy = False, None


def is_available():
    """False: the order is NumPy's."""
    return False
