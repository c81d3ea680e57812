# Names only: there is nothing to read here.
"""oneDNN is not used."""

enabled = False


def is_available() -> bool:
    """False: oneDNN is not used."""
    return False
