# Names only: there is nothing to read here.
"""cuDNN is not used: these settings are stored and have no effect."""

enabled, benchmark, deterministic, allow_tf32 = False, False, True, False


def is_available() -> bool:
    """False: convolutions are matrix products."""
    return False


def version() -> None:
    """None: no cuDNN."""
