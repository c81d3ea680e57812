# Names only: there is nothing to read here.
"""OpenMP is not used; mytorch has threads of its own, see ``set_num_threads``."""


def is_available() -> bool:
    """False: OpenMP is not used."""
    return False
